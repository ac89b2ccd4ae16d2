"""A browser for the tests of one file: while it is open, asyncio has a loop in this process."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.builders import browser as browsers
from tests.builders import needs

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    needs.chromium()
    with browsers.chromium() as started:
        yield started
