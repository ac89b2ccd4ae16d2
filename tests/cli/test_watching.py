"""`status --watch`: again and again, on terminals of changing sizes, while files are written."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from scheduled.errors import UsageError
from tests.builders.emulator import Watched
from tests.builders.looks import BACKUP_AND_POLL, Home, lived_in

PATIENCE = 120.0
"""Seconds; a machine may be busy."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)


def command(home: Home, *words: str) -> list[str]:
    places = ("--root", str(home.folder), "--state-dir", str(home.state_dir))
    return [sys.executable, "-m", "scheduled", *places, "status", *words]


def screens(written: str) -> list[list[str]]:
    """The lines of each page, without what moves the cursor."""
    pages = written.split("\x1b[H")[1:]
    return [re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", page).split("\n") for page in pages]


@pytest.mark.slow
def test_it_redraws_in_any_size_until_it_is_interrupted(home: Home) -> None:
    watched = Watched(command(home, "--watch", "1"), columns=60, lines=24)

    watched.until(lambda written: written.count("\x1b[H") >= 2, PATIENCE)
    watched.resize(100, 12)
    watched.until(lambda written: "more lines)" in written, PATIENCE)
    watched.type(b"\x03")
    pages = screens(watched.ended(PATIENCE))

    assert watched.process.returncode == 130
    assert all(page[0].startswith("scheduled is ") for page in pages)
    assert all(cell_len(line) < 60 for line in pages[0])
    assert len(pages[0]) <= 24
    assert "every 1 s; ^C ends this" in pages[0][-1]
    # Whoever kills it leaves the terminal as it was: no mode is ever changed.
    assert "\x1b[?" not in watched.written


@pytest.mark.slow
def test_it_survives_what_is_being_written(home: Home) -> None:
    configuration = home.folder / "scheduled.yaml"
    watched = Watched(command(home, "--watch"), columns=80, lines=30)

    watched.until(lambda written: "scheduled is" in written, PATIENCE)
    configuration.write_text("jobs: [")
    watched.until(lambda written: "scheduled.yaml:" in written, PATIENCE)
    configuration.write_text(BACKUP_AND_POLL)
    (home.state_dir / "scheduled_state.json").write_text("{")
    seen = len(watched.written)
    watched.until(lambda written: "critical" in written[seen:], PATIENCE)
    watched.type(b"\x03")
    watched.ended(PATIENCE)

    assert watched.process.returncode == 130


@pytest.mark.slow
def test_without_a_terminal_one_page_follows_the_other(home: Home) -> None:
    environ = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        command(home, "--watch", "1"), stdout=subprocess.PIPE, text=True, env=environ
    ) as watching:
        assert watching.stdout is not None
        pages = 0
        lines = []
        while pages < 2:
            lines.append(watching.stdout.readline())
            pages += lines[-1].startswith("scheduled is ")
        watching.send_signal(signal.SIGINT)
        watching.stdout.read()

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d\n", lines[0])
    assert "\x1b" not in "".join(lines)
    assert watching.returncode == 130


@pytest.mark.parametrize("option", ["--json", "--check"])
def test_what_ends_after_one_page_cannot_be_watched(home: Home, option: str) -> None:
    said = home.call("status", "--watch", option)

    assert said.code == UsageError.exit_code
    assert f"--watch and {option} exclude each other" in said.err


@pytest.mark.parametrize("seconds", ["0", "nan", "1e9", "soon"])
def test_an_interval_has_bounds(home: Home, seconds: str) -> None:
    said = home.call("status", f"--watch={seconds}")

    assert said.code == 2
    assert "expected a whole number, from 1 to 86400" in said.err
