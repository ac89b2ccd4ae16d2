"""What most commands are called in: a home with two jobs, or an installation without a run."""

from pathlib import Path

import pytest

from tests.builders.cron_command import Place
from tests.builders.crontab import Crontab
from tests.builders.doctored import Patient
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


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty root, and where its state goes."""
    (tmp_path / "root").mkdir()
    return Place(tmp_path / "root", tmp_path / "state")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    """The crontab of this user, by a stand-in for `crontab`."""
    made = Crontab(tmp_path / "cron")
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    return made


@pytest.fixture
def patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Patient:
    """An installation for `doctor` to look at."""
    return Patient(tmp_path, monkeypatch, capsys)
