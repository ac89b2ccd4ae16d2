"""Processes that escape their run: a stop ends them, a normal end does not."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduled.jobs.model import Overlap
from scheduled.runs import stop
from scheduled.state import records
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.ticks.job_runner import JobRunner
from tests.builders.beside import running_since_noon, ticking, wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job
from tests.builders.kept import BEGIN, open_run
from tests.builders.killed import is_alive, tick_and_kill, time_out_once, wait_for_the_end_of

ESCAPE = (
    "import os\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        os.execve('/bin/sh', ['sh', '-c', \"trap '' TERM; echo $$ >> pids; sleep 60\"], {})\n"
    "    os._exit(0)\n"
)
"""A daemon: it has a session of its own, no parent, no environment, and does not listen."""


@pytest.fixture
def escaping(tmp_path: Path) -> Iterator[Engine]:
    """A job that starts a daemon and goes on; what it started is killed after the test."""
    (tmp_path / "escape.py").write_text(ESCAPE)
    command = f"{sys.executable} escape.py; until [ -s pids ]; do sleep 0.02; done; {BEGIN}"
    engine = Engine(tmp_path, [job(command=command, timeout=60.0)])
    engine.run_at("11:30")
    yield engine
    for pid in map(int, engine.lines("pids")):
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_g4_a_timeout_kills_a_daemon_that_dropped_its_environment(
    escaping: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_out_once(monkeypatch, escaping.lines)

    report = escaping.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == ["timed_out"]
    wait_for_the_end_of(int(escaping.lines("pids")[0]))


def test_g4_the_tick_after_one_that_died_kills_it_when_its_time_is_up(escaping: Engine) -> None:
    tick_and_kill(escaping, "12:00", spare_the_job=True)

    escaping.run_at("12:02")

    assert outcomes(escaping.rows) == [("12:00", "timed_out")]
    wait_for_the_end_of(int(escaping.lines("pids")[0]))


def test_g4_a_run_whose_tick_died_before_it_recorded_the_process_has_its_timeout_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path, [job(command="echo $$ >> pids; sleep 60", timeout=60.0)])
    engine.run_at("11:30")
    with monkeypatch.context() as patched:
        patched.setattr(JobRunner, "record_children", lambda *_: os.kill(os.getpid(), 9))
        with ticking(engine, "12:00") as tick:
            wait_for(lambda: engine.lines("pids") != [])
            tick.join()

    engine.run_at("12:02")

    assert outcomes(engine.rows) == [("12:00", "timed_out")]
    wait_for_the_end_of(int(engine.lines("pids")[0]))


def test_g4_cancel_kills_it(escaping: Engine) -> None:
    with running_since_noon(escaping, finish=False) as tick:
        wait_for(lambda: "keeper" in open_run(escaping))
        store = Store(escaping.state_dir).load()
        run = records.job_memory(store.state, "backup").open
        assert run is not None
        with store.locked():
            assert stop.escalate(store, "backup", run, "enough", at("12:05"))
        tick.join()

    assert outcomes(escaping.rows) == [("12:00", "interrupted")]
    wait_for_the_end_of(int(escaping.lines("pids")[0]))


def test_g4_replace_kills_it(escaping: Engine) -> None:
    escaping.jobs = (job(command=escaping.jobs[0].command, overlap=Overlap.REPLACE, timeout=7e3),)
    with running_since_noon(escaping, finish=False):
        (first,) = escaping.lines("pids")
        with ticking(escaping, "13:00"):
            wait_for_the_end_of(int(first))
            wait_for(lambda: len(escaping.lines()) == 2)
            (escaping.folder / "go").touch()

    assert outcomes(escaping.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]


def test_g4_after_a_normal_end_it_lives_on_and_nobody_waits_for_it(escaping: Engine) -> None:
    (escaping.folder / "go").touch()

    report = escaping.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == ["succeeded"]
    assert is_alive(int(escaping.lines("pids")[0]))
    assert not locks.is_running(escaping.state_dir, "backup")


def test_g4_orphans_that_end_take_nothing_from_the_end_of_their_run(tmp_path: Path) -> None:
    orphans = "for i in 1 2 3 4 5; do (sh -c 'sleep 0.01; exit 9' &); done; sleep 0.2; exit 3"
    engine = Engine(tmp_path, [job(command=orphans)])
    engine.run_at("11:30")

    assert [row["error"] for row in engine.run_at("12:00").failed] == ["exit code 3"]
