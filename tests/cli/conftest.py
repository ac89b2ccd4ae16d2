"""A home with two jobs, one of which has run: what most commands are called in."""

from pathlib import Path

import pytest

from tests.builders.looks import Home, lived_in


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)
