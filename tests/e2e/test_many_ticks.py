"""Ticks at the same time: each slot runs exactly once, however many ask for it."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scheduled.jobs.model import CatchUp
from tests.builders import soak
from tests.builders.engine import Engine
from tests.builders.jobs import RARELY, job

AT_ONCE = 8
ROUNDS = soak.count(5, 20)
FIVE_OFF = "\n".join(
    f"  {name}: {{enabled: false}}"
    for name in ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
)


@pytest.mark.slow
def test_eight_ticks_at_once_again_and_again_run_every_slot_once(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        home = tmp_path / f"round{number}"
        _configure(home)

        codes = _ticks_at_once(home)

        assert codes == [0] * AT_ONCE, f"round {number}"
        ran = Counter((home / "out").read_text().splitlines())
        assert ran == {f"job{job}": 1 for job in range(5)}, f"round {number}"


@pytest.mark.slow
def test_ticks_that_race_for_missed_slots_answer_each_of_them_once(tmp_path: Path) -> None:
    note = "echo $SCHEDULED_JOB $SCHEDULED_SLOT >> out"
    each = job("each", command=note, catch_up=CatchUp.ALL)
    newest = job("newest", command=note)
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = Engine(folder, [each, newest])
        engine.run_at("06:30")

        _forked(engine, "12:00:01")

        ran = Counter(engine.lines())
        hours = [f"each 2026-11-21T{hour:02}:00:00Z" for hour in range(7, 13)]
        assert ran == Counter([*hours, "newest 2026-11-21T12:00:00Z"]), f"round {number}"
        missed = [row for row in engine.rows if row["outcome"] == "missed"]
        assert [(row["job"], row["missed"]) for row in missed] == [("newest", 5)]


def _configure(home: Path) -> None:
    home.mkdir()
    jobs = "\n".join(
        f"  job{number}: {{command: 'echo job{number} >> out', schedule: '{RARELY}', "
        "first_run: now}"
        for number in range(5)
    )
    (home / "scheduled.yaml").write_text(f"jobs:\n{FIVE_OFF}\n{jobs}\n")


def _ticks_at_once(home: Path) -> list[int]:
    command = [sys.executable, "-P", "-m", "scheduled", "--root", str(home)]
    command += ["--state-dir", str(home / "state"), "run"]
    ticks = [subprocess.Popen(command) for _ in range(AT_ONCE)]
    return [tick.wait() for tick in ticks]


def _forked(engine: Engine, when: str) -> None:
    children = []
    for _ in range(AT_ONCE):
        child = os.fork()
        if child == 0:
            code = engine.run_at(when).exit_code
            os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * AT_ONCE
