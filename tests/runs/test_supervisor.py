"""Stopping all that a run is, wherever it went, and nobody else."""

import math
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduled.runs import supervisor
from scheduled.system import processes
from scheduled.ticks import tick
from tests.builders.beside import wait_for
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.killed import is_alive, time_out_once, wait_for_the_end_of


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that has nothing to do with us, ended when the test is over."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process.pid
        process.kill()


# Who lives


def test_a_process_is_alive_under_its_number_and_its_start(sleeper: int) -> None:
    started = processes.start_time(sleeper)
    assert started is not None

    assert processes.is_alive(sleeper, started)


def test_a_number_that_is_used_again_is_not_that_process(sleeper: int) -> None:
    started = processes.start_time(sleeper)
    assert started is not None

    assert not processes.is_alive(sleeper, started - 1)
    assert not processes.is_alive(sleeper, started + 1)


def test_who_has_ended_is_not_alive_reaped_or_not() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        started = processes.start_time(process.pid)
        assert started is not None
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        unreaped = processes.is_alive(process.pid, started)

    assert (unreaped, processes.is_alive(process.pid, started)) == (False, False)
    assert processes.start_time(process.pid) is None


def test_a_process_is_found_by_the_run_id_in_its_environment_and_by_all_of_it() -> None:
    environ = {**os.environ, "SCHEDULED_RUN_ID": "20261121T120000-abc123"}
    with subprocess.Popen(["sleep", "60"], env=environ) as process:
        # The kernel shows its environment a moment after Popen has returned.
        wait_for(lambda: processes.find("20261121T120000-abc123") == process.pid)
        others = [processes.find(f"20261121T120000-{end}") for end in ("abc12", "c123")]
        process.kill()

    assert others == [0, 0]


# Stopping


@pytest.mark.parametrize(
    "escape",
    [
        # It is deaf, and its parent is not: when KILL comes, the run's own process has gone.
        "(trap '' TERM; setsid sh -c 'echo $$ > pid; sleep 60; sleep 60') & wait",
        # Nor does its environment say whose it is.
        "(trap '' TERM; exec env -i setsid sh -c 'echo $$ > pid; sleep 60; sleep 60') & wait",
        # An orphan before anybody was told to end; only its session is still the run's.
        "(set -m; trap '' TERM; env -i sh -c 'echo $$ > pid; sleep 60; sleep 60' &); sleep 60",
    ],
    ids=["deaf", "deaf and nameless", "an orphan"],
)
def test_a_timeout_ends_whoever_the_job_started_though_the_job_itself_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, escape: str
) -> None:
    engine = Engine(tmp_path, [job(command=escape)])
    engine.run_at("11:30")
    time_out_once(monkeypatch, lambda: engine.lines("pid"))

    report = engine.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == ["timed_out"]
    wait_for_the_end_of(int(engine.lines("pid")[0]))


def test_a_run_that_ignores_the_first_signal_gets_its_grace_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "trap 'sleep 0.1; echo tidied >> out; exit' TERM; touch ready; sleep 60 & wait"
    deaf = "trap '' TERM; echo $$ > pid; while :; do sleep 1; done"
    engine = Engine(tmp_path, [job("slow", command=slow), job("deaf", command=deaf)])
    engine.run_at("11:30")
    ready = tmp_path / "ready"
    time_out_once(monkeypatch, lambda: ready.exists() and engine.lines("pid"))

    class UntilTidied(float):
        def __radd__(self, since: float) -> float:
            return 0.0 if engine.lines() else math.inf

    monkeypatch.setattr(supervisor, "GRACE_SECONDS", UntilTidied())

    report = engine.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == ["timed_out", "timed_out"]
    assert engine.lines() == ["tidied"]
    assert not is_alive(int(engine.lines("pid")[0]))


def test_nobody_else_is_stopped(tmp_path: Path, sleeper: int) -> None:
    beside = job("beside", command="sleep 1; echo done >> out")
    engine = Engine(tmp_path, [job(command="sleep 60", timeout=0.2), beside])
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert is_alive(sleeper)
    assert engine.lines() == ["done"]


def test_with_patience_nothing_is_waited_for_as_long_as_that() -> None:
    looks: list[float] = []
    started = time.monotonic()

    with supervisor.Supervisor(lambda: looks.append(time.monotonic())) as children:
        over = children.wait(0.6)

    assert over == []
    assert time.monotonic() - started >= 0.6
    assert len(looks) < 10


def test_without_anything_to_wait_for_there_is_no_waiting() -> None:
    with supervisor.Supervisor(lambda: pytest.fail("it waits")) as children:
        assert children.wait() == []


def test_a_signal_ends_the_waiting_for_a_retry() -> None:
    with supervisor.Supervisor(lambda: os.kill(os.getpid(), signal.SIGTERM)) as children:
        assert children.wait(3600.0) == []

    assert children.stopped_by == signal.SIGTERM


def test_nothing_stays_open() -> None:
    before = os.listdir("/proc/self/fd")

    with supervisor.Supervisor():
        pass

    assert os.listdir("/proc/self/fd") == before


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]

    with supervisor.Supervisor():
        within = [signal.getsignal(number) for number in numbers]

    assert all(now != then for now, then in zip(within, before, strict=True))
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_a_signal_that_somebody_wants_ignored_stays_so(tmp_path: Path) -> None:
    # nohup has a tick ignore SIGHUP.
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with supervisor.Supervisor() as children:
            os.kill(os.getpid(), signal.SIGHUP)
            stopped_by = children.stopped_by
    finally:
        signal.signal(signal.SIGHUP, before)

    assert stopped_by is None


def test_runs_end_where_the_end_of_children_was_to_be_ignored(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo done")])
    engine.run_at("11:30")
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        report = engine.run_at("12:00")
        after = signal.getsignal(signal.SIGCHLD)
    finally:
        signal.signal(signal.SIGCHLD, before)

    assert [row["outcome"] for row in report.ran] == ["succeeded"]
    assert after is signal.SIG_IGN


def test_an_error_of_our_own_leaves_nothing_running(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo $$ > pid; sleep 60")])
    engine.run_at("11:30")

    def fail_when_it_runs() -> None:
        if engine.lines("pid"):
            raise KeyError

    with pytest.raises(KeyError):
        tick.run(engine.config, at("12:00"), environ=os.environ, on_poll=fail_when_it_runs)

    wait_for_the_end_of(int(engine.lines("pid")[0]))


def test_runs_are_heard_at_any_number_of_descriptors(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("a", command="sleep 60", timeout=0.1), job("b")])
    engine.run_at("11:30")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1200, before[1]))
    opened = [os.open("/", os.O_RDONLY)]
    try:
        while opened[-1] < 1024:
            opened.append(os.open("/", os.O_RDONLY))
        report = engine.run_at("12:00")
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert {row["outcome"] for row in report.ran} == {"succeeded", "timed_out"}


def test_a_run_that_has_stopped_its_keeper_is_stopped(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="kill -STOP $PPID; sleep 60", timeout=0.2)])
    engine.run_at("11:30")

    (row,) = engine.run_at("12:00").ran

    assert row["outcome"] == "timed_out"
