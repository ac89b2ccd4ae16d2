"""What users of other schedulers suffer from runs and their children: `PEERS.md`, by number.

Each test is one of their stories, told with real ticks and processes, and how it ends here.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduled.runs import supervisor
from tests.builders.beside import UNTIL_GO, running_since_noon, wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.killed import is_alive, tick_and_kill, time_out_once

CHILDREN = {
    "of the shell": "sleep 60 & echo $! >> pids; sleep 60",
    "in a session of its own": "setsid sleep 60 & echo $! >> pids; sleep 60",
    "deaf to TERM": "(trap '' TERM; echo $BASHPID >> pids; while :; do sleep 1; done) & sleep 60",
    "a double fork": "(setsid sh -c 'echo $$ >> pids; exec sleep 60' &) ; sleep 60",
}


def test_a_lock_is_not_left_behind_by_a_crash(tmp_path: Path) -> None:
    # 10. laravel#18626, pelican/panel#2555, dkron#349: dead for 24 hours.
    engine = Engine(tmp_path, [job(command="echo x >> out; test -e go || sleep 60")])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00")
    (tmp_path / "go").touch()

    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]


def test_a_daemon_that_a_job_started_does_not_inherit_its_lock(tmp_path: Path) -> None:
    # 11. maho#1314.
    engine = Engine(tmp_path, [job(command="setsid sleep 60 > /dev/null 2>&1 & echo $! >> pids")])
    engine.run_at("11:30")

    with cleaned_up(engine):
        for when in ("12:00", "13:00"):
            engine.run_at(when)

        assert outcomes(engine.rows) == [("12:00", "succeeded"), ("13:00", "succeeded")]
        assert all(is_alive(pid) for pid in pids(engine))


@pytest.mark.parametrize("child", CHILDREN)
def test_a_timeout_leaves_no_children_of_the_shell_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: str
) -> None:
    # 12. yacron#70, dkron#1385.
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    command = ("bash", "-c", CHILDREN[child])
    engine = Engine(tmp_path, [job(command=command)])
    engine.run_at("11:30")
    time_out_once(monkeypatch, lambda: engine.lines("pids"))

    with cleaned_up(engine):
        engine.run_at("12:00")

        assert outcomes(engine.rows) == [("12:00", "timed_out")]
        assert [is_alive(pid) for pid in pids(engine)] == [False]


def test_a_finished_command_does_not_hang_on_a_child_that_holds_its_output(tmp_path: Path) -> None:
    # 13. PMSS#905.
    engine = Engine(tmp_path, [job(command="sleep 60 & echo $! >> pids; echo done", timeout=50.0)])
    engine.run_at("11:30")

    with cleaned_up(engine):
        engine.run_at("12:00")

        assert outcomes(engine.rows) == [("12:00", "succeeded")]
        assert [is_alive(pid) for pid in pids(engine)] == [True]


def test_a_run_that_was_killed_midway_leaves_a_record(tmp_path: Path) -> None:
    # 16. openclaw#59301.
    engine = Engine(tmp_path, [job(command="echo x >> out; sleep 60")])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00")

    assert outcomes(engine.rows) == [("12:00", None)]
    assert engine.rows[0]["reason"] == "its tick died, the next one records how it ended"


def test_one_long_job_delays_no_other_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    # 21. laravel/ideas#1337, cron-schedule#80. The long one here ends after all the others.
    jobs = [
        job("a-long", command=f"echo x >> out; {UNTIL_GO}", timeout=7200.0),
        job("b-bad", command="exit 1"),
        job("c-segfault", command="kill -SEGV $$"),
        job("d-good"),
    ]
    engine = Engine(tmp_path, jobs, max_concurrent=2)
    with running_since_noon(engine):
        wait_for(lambda: len(ended(engine)) == 3)
        engine.run_at("13:00")

        others = [("b-bad", "failed"), ("c-segfault", "failed"), ("d-good", "succeeded")]
        assert sorted(ended(engine)) == sorted(others * 2)


def test_a_run_is_told_which_slot_it_is_for_however_late_it_comes(tmp_path: Path) -> None:
    # 23. dagu#1855, Cronicle#532: it asked the clock, and reported on the wrong day.
    told = "echo $SCHEDULED_SLOT $SCHEDULED_ATTEMPT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"
    engine = Engine(
        tmp_path,
        [job(schedule="0 23 * * *", command=f"{told}; exit 1", max_retries=1, retry_delay=7200.0)],
    )
    for when in ("2026-11-19T12:00", "2026-11-22T01:30", "2026-11-22T04:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T23:00:00Z 1 1 2", "2026-11-21T23:00:00Z 2 1 2"]


def ended(engine: Engine) -> list[tuple[str, str]]:
    """Job and outcome of each run that has ended."""
    return [(row["job"], row["outcome"]) for row in engine.rows if row["outcome"]]


def pids(engine: Engine) -> list[int]:
    """The processes that the job has left a note of."""
    return [int(line) for line in engine.lines("pids")]


@contextmanager
def cleaned_up(engine: Engine) -> Iterator[None]:
    """What a job left running is killed at the end of the block."""
    try:
        yield
    finally:
        for pid in filter(is_alive, pids(engine)):
            os.kill(pid, signal.SIGKILL)
