"""What most commands are called in: a home with two jobs, or an installation without a run."""

from pathlib import Path

import pytest

from tests.builders.looks import Home, lived_in
from tests.builders.two_jobs import JOBS, OFF, Installation


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Installation:
    """Two jobs that are due at the first tick, one of which fails."""
    (tmp_path / "scheduled.yaml").write_text(JOBS + OFF)
    return Installation(tmp_path, capsys)
