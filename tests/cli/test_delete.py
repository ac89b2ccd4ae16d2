"""`scheduled delete`: what people wrote is left alone, and the history stays."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.cli import delete
from scheduled.cli import history as history_command
from scheduled.system import locks
from tests.builders.job_files import created, rows
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, seen


@pytest.fixture
def home(root: Path) -> Home:
    """Nothing is configured."""
    return Home(root)


def written(home: Home) -> dict[str, str]:
    """The files that people read, without what is remembered."""
    return {path.name: path.read_text() for path in home.folder.rglob("*.yaml")}


def test_a_deleted_job_is_gone_and_its_history_stays(home: Home) -> None:
    path = created(home)
    home.record(seen(home.jobs()["backup"], at("01:30")))

    said = home.call(delete.delete, "backup", "--yes")

    assert said.out == f"{path}: deleted. The history and output of backup are kept.\n"
    assert not path.exists()
    assert "backup" not in rows(home)
    history = json.loads(home.call(history_command.history, "--json").out)["runs"]
    assert [(row["job"], row["reason"]) for row in history] == [
        ("backup", "removed from the configuration")
    ]


def test_without_a_terminal_nothing_is_deleted_unless_it_is_told_to(home: Home) -> None:
    path = created(home)

    said = home.call(delete.delete, "backup")

    assert said.code == 2
    assert "--yes" in said.err
    assert path.exists()


@pytest.mark.parametrize(("answer", "stays"), [(b"n\n", True), (b"y\n", False)])
def test_on_a_terminal_it_asks(home: Home, answer: bytes, stays: bool) -> None:
    path = created(home)
    words = ["--root", str(home.folder), "--state-dir", str(home.state_dir), "delete", "backup"]
    ours, theirs = pty.openpty()
    os.write(ours, answer)

    command = [sys.executable, "-m", "scheduled", *words]
    subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, check=False)

    said = os.read(ours, 10_000).decode()
    assert f"Delete {path}? [y/N]" in said
    assert path.exists() == stays


def test_what_a_person_wrote_is_not_deleted(home: Home) -> None:
    path = created(home)
    path.write_text(f"# mine\n{path.read_text()}")
    home.configure("jobs:\n  mine: {schedule: daily, command: date}\n")
    before = written(home)

    for name, sentence in (
        ("backup", f"{path}:1: this file was written or edited by hand"),
        ("mine", "scheduled.yaml:2: mine is defined there"),
        ("health", "`scheduled disable health` disables it"),
        ("bakcup", "did you mean backup?"),
    ):
        said = home.call(delete.delete, name, "--yes")

        assert said.code == 2
        assert sentence in said.err
    assert written(home) == before


def test_a_job_that_others_wait_for_is_not_deleted(home: Home) -> None:
    path = created(home)
    created(home, "upload", "--set", "after=backup")

    said = home.call(delete.delete, "backup", "--yes")

    assert said.code == 2
    assert "upload would never run without it" in said.err
    assert path.exists()


def test_a_run_that_goes_on_is_spoken_of(home: Home) -> None:
    created(home)
    home.record(begin("r1", at("11:30")))
    lock = locks.take_job(home.state_dir, "backup")
    assert lock is not None

    said = home.call(delete.delete, "backup", "--yes")
    lock.release()

    assert said.out.endswith("backup is running now; that run continues, and is recorded.\n")
