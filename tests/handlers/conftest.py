"""The ecosystem that tests of handlers look at."""

from pathlib import Path

import pytest

from tests.builders import ecosystem


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A healthy ecosystem in the home layout, with the branches DRONE and FLOW."""
    return ecosystem.home(tmp_path)


@pytest.fixture
def projects(open_folder: Path) -> Path:
    """A folder for projects, in which other users may look around."""
    open_folder.chmod(0o755)  # it is ours, whoever runs the test
    folder = open_folder / "gaia"
    folder.mkdir(mode=0o755)
    return folder
