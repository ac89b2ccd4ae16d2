"""`run` and `trigger` on a real terminal: what is seen meanwhile, and what is left in the end."""

import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli.context import clock
from scheduled.state.store import Store
from tests.builders.emulator import Watched, shown
from tests.builders.looks import Home, begin, end, seen

LONG = "a-job-with-a-name-that-is-longer-than-what-a-line-of-sixty-columns-has-room-for"
JOBS = f"""\
jobs:
  backup:
    schedule: "0 0 1 1 *"
    command: "echo reading; while [ ! -e over ]; do sleep 0.05; done; echo; echo read all of it"
  {LONG}:
    schedule: "0 0 1 1 *"
    command: "while [ ! -e over ]; do sleep 0.05; done; exit 3"
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose jobs run until a file `over` exists; `backup` usually takes 14 minutes."""
    home = Home(tmp_path)
    home.configure(JOBS)
    now = clock().replace(microsecond=0)
    backup = home.jobs()["backup"]
    events = [seen(backup, now - timedelta(days=9))]
    for day in range(5, 0, -1):
        slot = now - timedelta(days=day)
        events += [begin(f"r{day}", slot), end(f"r{day}", slot, duration_seconds=840.0)]
    home.record(*events)
    return home


@pytest.fixture
def watched(home: Home) -> Iterator["list[Watched]"]:
    """The programs that a test started; whatever they left running is told to end."""
    programs: list[Watched] = []
    yield programs
    (home.folder / "over").touch()
    for program in programs:
        program.kill()
        program.process.wait()


def started(
    home: Home, watched: list[Watched], *arguments: str, columns: int = 60, **environ: str
) -> Watched:
    places = ("--root", str(home.folder), "--state-dir", str(home.state_dir))
    command = (sys.executable, "-m", "scheduled", *places, *arguments)
    watched.append(Watched(command, columns=columns, lines=24, **environ))
    return watched[-1]


def test_the_live_view_says_when_runs_end_fits_and_leaves_the_summary_alone(
    home: Home, watched: list[Watched]
) -> None:
    program = started(home, watched, "run", "--force")
    during = program.until(lambda text: "reading" in text and "2 s" in text and "a-job" in text)
    program.resize(40, 24)
    later = program.until(lambda text: "3 s" in text[len(during) :])[len(during) :]
    program.resize(60, 24)
    (home.folder / "over").touch()
    whole = program.ended()

    assert "s of usually 14 min: ends " in during
    assert shown(during).widest < 60
    assert min(map(len, shown(later).lines)) < 40
    final = shown(whole)
    assert final.modes == []
    assert "usually" not in final.text()
    first, *rest = final.text().splitlines()
    assert first.split() == ["JOB", "OUTCOME", "TOOK", "NOTE"]
    assert "✓ backup  succeeded  " in final.text()
    assert "✗ a-job-with-a-name" in final.text()
    assert any(line.startswith("2 ran, 1 failed in ") for line in rest)
    assert max(map(len, final.lines)) <= 60


def test_a_triggered_job_prints_above_its_line(home: Home, watched: list[Watched]) -> None:
    program = started(home, watched, "trigger", "backup")
    program.until(lambda text: "reading" in text and "1 s" in text)
    (home.folder / "over").touch()
    final = shown(program.ended()).text().splitlines()

    assert final[:3] == ["reading", "", "read all of it"]
    assert final[3].split() == ["JOB", "OUTCOME", "TOOK"]


def test_an_interrupt_ends_the_view_and_records_what_it_stopped(
    home: Home, watched: list[Watched]
) -> None:
    program = started(home, watched, "trigger", "backup", columns=100)
    program.until(lambda text: "usually" in text and "reading" in text)
    program.type(b"\x03")
    final = shown(program.ended())

    assert program.process.returncode == 128 + signal.SIGINT
    assert final.modes == []
    assert "usually" not in final.text()
    assert "stopped by SIGINT; what ran is recorded as interrupted" in final.text()


def test_killed_it_leaves_a_terminal_that_works(home: Home, watched: list[Watched]) -> None:
    program = started(home, watched, "trigger", "backup")
    program.until(lambda text: "usually" in text)
    program.kill()
    final = shown(program.ended())

    assert final.modes == []
    assert final.lines[-1] == ""  # where a shell puts its prompt
    (home.folder / "over").touch()


def test_a_terminal_that_hangs_up_costs_no_run(home: Home, watched: list[Watched]) -> None:
    program = started(home, watched, "trigger", "backup")
    program.until(lambda text: "usually" in text)
    program.kill(signal.SIGHUP)
    program.ended()

    last = Store(home.state_dir).load().state["jobs"]["backup"]["last"]
    assert last is not None
    assert last["outcome"] == "interrupted"


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_gets_plain_lines(home: Home, watched: list[Watched], term: str) -> None:
    (home.folder / "over").touch()

    written = started(home, watched, "run", "--force", TERM=term).ended()

    assert "\x1b" not in written
    assert "backup: started, by hand, usually 14 min: ends " in written.replace("\r\n", " ")
    assert "backup: succeeded, took 0." in written


def test_without_colour_and_in_the_locale_c_the_words_and_signs_stay(
    home: Home, watched: list[Watched]
) -> None:
    (home.folder / "over").touch()

    written = started(home, watched, "run", "--force", NO_COLOR="1", LC_ALL="C").ended()

    assert not any(f"\x1b[{number}m" in written for number in (0, 1, 31, 32))
    assert written.isascii()
    assert "+ backup  succeeded" in written


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["by itself", "by ^C", "killed"])
def test_the_progress_of_a_simulation_changes_no_mode_of_the_terminal(
    home: Home, watched: list[Watched], ends: str
) -> None:
    home.configure('jobs:\n  poll: {schedule: "* * * * *", command: x}\n')
    length = "8h" if ends == "by itself" else "300d"
    program = started(home, watched, "simulate", "--to", length)
    if ends != "by itself":
        program.until(lambda written: "simulating: " in written)
        program.type(b"\x03") if ends == "by ^C" else program.kill(signal.SIGTERM)

    written = program.ended()

    assert shown(written).modes == []
    assert program.process.returncode == {"by itself": 0, "by ^C": 130, "killed": -15}[ends]
