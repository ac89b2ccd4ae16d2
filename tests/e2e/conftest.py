"""Tests of the whole program, as people and cron use it: all of them are slow."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

WAITING = ("test_real_cron.py", "test_upgrade.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; pytest hands over all there are."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)
    # What waits for minutes of a real cron goes on beside all the rest, if it is started first.
    items.sort(key=lambda item: item.path.name not in WAITING)


@pytest.fixture
def package_index(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Skip the test where pip reaches no package index, and let it install alone.

    setuptools builds in the checkout: two builds at the same time take each other's files away.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=0"]
    answer = subprocess.run(
        [*pip, "--timeout=10", "--dest", tmp_path / "wheels", "setuptools>=77"],
        capture_output=True,
        check=False,
    )
    if answer.returncode != 0:
        pytest.skip("needs a package index that pip can reach")
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # one of several processes; theirs are beside it
        shared = shared.parent
    with FileLock(shared / "installing.lock"):
        yield
