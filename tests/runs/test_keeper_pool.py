"""Keepers that take one run after the other: no run knows of the one before it."""

import fcntl
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs import keeper, keeper_pool, process, supervisor
from scheduled.runs.keeper import Kept
from scheduled.runs.keeper_pool import KeeperPool
from scheduled.ticks.tick import Tick
from tests.builders.beside import UNTIL_GO, ticking, wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.killed import is_alive, wait_for_the_end_of

KEEPER = "awk '/^PPid/{print $2}' /proc/$$/status >> out"
"""Notes the keeper: the parent of the shell."""
JOBS = 12


@pytest.fixture(autouse=True)
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_pool, "SINGLE", 0)


def ticked(folder: Path, *jobs: Any, **settings: Any) -> Engine:
    engine = Engine(folder, jobs, **{"max_concurrent": 1, "catch_up_budget": 100, **settings})
    engine.run_at("11:30")
    engine.run_at("12:00")
    return engine


def killed_once(
    engine: Engine, is_time: Callable[[], bool], number: signal.Signals = signal.SIGKILL
) -> None:
    """Send a signal to a tick, and to nothing else, once it is time."""
    child = os.fork()
    if child == 0:
        try:
            engine.run_at("12:00")
        finally:
            os._exit(0)
    wait_for(is_time)
    os.kill(child, number)
    os.waitpid(child, 0)


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """Let this process and those that it forks open so many more files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [os.open("/", os.O_RDONLY) for _ in range(count)]
    for descriptor in opened:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened[-1] + 1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def noted(engine: Engine) -> list[str]:
    return [line.strip() for line in engine.lines()]


def test_one_keeper_takes_all_runs_of_a_lane_and_ends_with_the_tick(tmp_path: Path) -> None:
    engine = ticked(tmp_path, *(job(f"job{number:02}", command=KEEPER) for number in range(JOBS)))

    assert len(noted(engine)) == JOBS
    (pid,) = set(noted(engine))
    assert not Path(f"/proc/{pid}").exists()
    assert {outcome for _, outcome in outcomes(engine.rows)} == {"succeeded"}


def test_there_is_one_for_each_run_at_the_same_time_at_most(tmp_path: Path) -> None:
    keeper = f"{KEEPER}; sleep 0.05"
    jobs = [job(f"job{number:02}", command=keeper) for number in range(JOBS)]
    engine = ticked(tmp_path, *jobs, max_concurrent=3)

    assert len(noted(engine)) == JOBS
    assert len(set(noted(engine))) <= 3


def test_a_keeper_whose_job_has_left_something_takes_no_other_run(tmp_path: Path) -> None:
    leaving = f"sleep 100 & echo $! > left; {KEEPER}"
    engine = ticked(
        tmp_path, job("a", command=leaving), job("b", command=KEEPER), job("c", command=KEEPER)
    )

    left = int((tmp_path / "left").read_text())
    try:
        first, second, third = noted(engine)
        assert first != second == third
        assert is_alive(left)
    finally:
        os.kill(left, signal.SIGKILL)


def test_nothing_of_a_run_is_passed_on_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    look = f"{{ umask; pwd; nice; env | grep OF_A; ls /proc/self/fd; }} >> {tmp_path}/out"
    alone = Engine(tmp_path / "alone", [job("b", command=look)])
    alone.folder.mkdir()
    alone.run_at("11:30")
    alone.run_at("12:00")
    before = noted(Engine(tmp_path, []))
    (tmp_path / "out").unlink()
    (tmp_path / "home").mkdir()

    engine = ticked(
        tmp_path / "home",
        job("a", command="true", umask=0o027, cwd=str(tmp_path / "elsewhere"), env={"OF_A": "1"}),
        job("b", command=look),
    )

    expected = [line.replace("alone", "home") for line in before]
    assert noted(Engine(tmp_path, [])) == expected
    assert len(engine.rows) == 2


def test_a_keeper_that_is_nice_takes_no_other_run(tmp_path: Path) -> None:
    engine = ticked(
        tmp_path, job("a", command="nice >> out", nice=5), job("b", command="nice >> out")
    )

    assert noted(engine) == ["5", str(os.nice(0))]


def test_a_run_after_one_that_could_not_be_started_is_none_the_worse(tmp_path: Path) -> None:
    engine = ticked(
        tmp_path, job("a", command=("/no/such/program",)), job("b", command="echo b >> out")
    )

    assert noted(engine) == ["b"]
    assert sorted(str(outcome) for _, outcome in outcomes(engine.rows)) == ["failed", "succeeded"]
    assert list((engine.state_dir / "runs").glob("*/*.log")) == []
    assert not (engine.state_dir / "afterwards").exists()


def test_a_run_after_one_that_timed_out_is_none_the_worse(tmp_path: Path) -> None:
    engine = ticked(
        tmp_path,
        job("a", command="sleep 100", timeout=0.2),
        *(job(f"b{number}", command="echo $SCHEDULED_JOB >> out") for number in range(3)),
    )

    assert noted(engine) == ["b0", "b1", "b2"]
    assert sorted(row["outcome"] or "" for row in engine.rows) == [*["succeeded"] * 3, "timed_out"]


def test_what_a_run_takes_is_its_own(tmp_path: Path) -> None:
    busy = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done"
    engine = ticked(tmp_path, job("a", command=busy), job("b", command="true"))

    seconds = {
        event["job"]: event["cpu_seconds"] for event in engine.events if event["event"] == "end"
    }
    assert seconds["b"] < seconds["a"]


def test_a_free_keeper_that_somebody_kills_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    take_back = KeeperPool.take_back

    def kill(pool: KeeperPool, kept: Kept) -> bool:
        is_taken = take_back(pool, kept)
        os.kill(kept.pid, signal.SIGKILL)
        os.waitid(os.P_PID, kept.pid, os.WEXITED | os.WNOWAIT)
        killed.append(kept.pid)
        return is_taken

    monkeypatch.setattr(KeeperPool, "take_back", kill)
    engine = ticked(
        tmp_path, *(job(f"job{n}", command="echo $SCHEDULED_JOB >> out") for n in range(4))
    )

    assert len(set(killed)) == 4
    assert noted(engine) == ["job0", "job1", "job2", "job3"]
    assert {outcome for _, outcome in outcomes(engine.rows)} == {"succeeded"}


def test_a_run_whose_tick_is_killed_ends_as_it_would_have_and_its_keeper_too(
    tmp_path: Path,
) -> None:
    slow = "echo begun >> out; while ! test -e go; do sleep 0.02; done; exit 3"
    pid = "awk '/^PPid/{print $2}' /proc/$$/status >> keepers; "
    engine = Engine(
        tmp_path,
        [job("a", command=f"{pid}true"), job("b", command=f"{pid}{slow}")],
        max_concurrent=1,
    )
    engine.run_at("11:30")
    killed_once(engine, lambda: engine.lines() == ["begun"])
    first, second = map(int, engine.lines("keepers"))
    assert first == second
    (tmp_path / "go").touch()
    wait_for_the_end_of(second)

    engine.run_at("12:01")

    assert {row["job"]: row["outcome"] for row in engine.rows} == {"a": "succeeded", "b": "failed"}
    assert engine.lines() == ["begun"]


def test_a_free_keeper_ends_when_its_tick_is_killed(tmp_path: Path) -> None:
    pid = "awk '/^PPid/{print $2}' /proc/$$/status >> keepers"
    waits = f"{pid}; echo begun >> out; exec sleep 100"
    jobs = [job("a", command=waits), *(job(f"b{n}", command=pid) for n in range(3))]
    engine = Engine(tmp_path, jobs, max_concurrent=2)
    engine.run_at("11:30")
    killed_once(engine, lambda: len(engine.lines("keepers")) == 4)
    keepers = {int(line) for line in engine.lines("keepers")}
    assert len(keepers) == 2
    sleeping = subprocess.run(
        ["pgrep", "-P", ",".join(map(str, keepers))], capture_output=True, text=True, check=False
    ).stdout.split()
    for sleeper in sleeping:
        os.kill(int(sleeper), signal.SIGKILL)

    for kept in keepers:
        wait_for_the_end_of(kept)


def test_a_large_order_arrives_whole(tmp_path: Path) -> None:
    long, look = "x" * 120_000, "echo ${#1} ${#LONG} >> out"
    engine = ticked(
        tmp_path,
        job("a", command="true"),
        job(
            "b",
            command=("/bin/sh", "-c", look, "sh", long),
            env={"LONG": long},
        ),
    )

    assert noted(engine) == ["120000 120000"]


def test_a_name_that_is_no_text_arrives_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    engine = ticked(folder, job("a", command="true"), job("b", command="pwd > out"))

    assert (folder / "out").read_bytes() == os.fsencode(folder) + b"\n"
    assert len(engine.rows) == 2


def test_runs_are_stopped_with_a_tick_that_is_told_to_stop(tmp_path: Path) -> None:
    slow = "echo $SCHEDULED_JOB >> out; exec sleep 100"
    engine = Engine(tmp_path, [job("a", command="true"), job("b", command=slow)], max_concurrent=1)
    engine.run_at("11:30")
    killed_once(engine, lambda: engine.lines() == ["b"], signal.SIGTERM)

    assert {row["job"]: row["outcome"] for row in engine.rows} == {
        "a": "succeeded",
        "b": "interrupted",
    }


def test_a_keeper_that_lacked_descriptors_takes_no_other_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = keeper.start_lasting

    def start_with_few(order: keeper.Order) -> Any:
        monkeypatch.setattr(keeper, "start_lasting", start)
        with room_for(4):  # those of the socket and the pipe
            return start(order)

    monkeypatch.setattr(keeper, "start_lasting", start_with_few)
    engine = ticked(tmp_path, job("a", command="true"), job("b", command="echo b >> out"))

    assert noted(engine) == ["b"]
    assert outcomes(engine.rows) == [("12:00", None), ("12:00", "succeeded")]


def test_a_keeper_that_its_job_makes_nice_takes_no_other_run(tmp_path: Path) -> None:
    renice = "renice -n 5 -p $PPID; nice >> out"
    engine = ticked(tmp_path, job("a", command=renice), job("b", command="nice >> out"))

    assert noted(engine) == [str(os.nice(0))] * 2


@pytest.mark.parametrize("single", [0, JOBS])
def test_what_a_job_writes_to_its_keeper_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, single: int
) -> None:
    monkeypatch.setattr(keeper_pool, "SINGLE", single)
    lie = "for file in /proc/$PPID/fd/*; do [ -p $file ] && echo free > $file; done"
    engine = ticked(
        tmp_path,
        job("a", command=f"{lie}; sleep 0.2; echo a >> out; exit 3"),
        job("b", command="echo b >> out"),
    )

    assert noted(engine) == ["a", "b"]
    assert {row["job"]: row["outcome"] for row in engine.rows} == {"a": "failed", "b": "succeeded"}


def test_a_keeper_that_is_killed_after_it_was_free_is_not_taken_back(tmp_path: Path) -> None:
    pool = KeeperPool()
    pool.let_go(1)

    assert not pool.take_back(Kept(1, -1, 0))


def test_a_free_keeper_does_not_wait_for_the_end_of_a_long_run(tmp_path: Path) -> None:
    engine = Engine(
        tmp_path, [job("a", command=KEEPER), job("b", command=UNTIL_GO)], max_concurrent=2
    )
    engine.run_at("11:30")
    with ticking(engine, "12:00"):
        try:
            wait_for(lambda: noted(engine) != [])
            wait_for_the_end_of(int(noted(engine)[0]))
        finally:
            (tmp_path / "go").touch()

    assert {outcome for _, outcome in outcomes(engine.rows)} == {"succeeded"}


def test_a_free_keeper_does_not_wait_for_messages_to_be_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[bool] = []

    def deliver(_: Tick) -> None:
        alive.extend(is_alive(int(pid)) for pid in noted(engine))

    monkeypatch.setattr(Tick, "deliver", deliver)
    engine = Engine(tmp_path, [job("a", command=KEEPER), job("b", command=KEEPER)])
    engine.run_at("11:30")
    engine.run_at("12:00")

    assert alive == [False, False]


def test_of_many_at_the_same_time_only_some_take_other_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_pool, "MOST_LASTING", 1)
    meet = KEEPER + "; while [ $(wc -l < out) -lt %d ]; do sleep 0.02; done"
    first = [job(f"a{number}", command=meet % 3) for number in range(3)]
    second = [job(f"b{number}", command=meet % 6) for number in range(3)]
    engine = ticked(tmp_path, *first, *second, max_concurrent=3)

    assert (len(noted(engine)), len(set(noted(engine)))) == (6, 5)


def test_a_keeper_that_does_not_go_on_holds_up_no_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_back = KeeperPool.take_back

    def stop(pool: KeeperPool, kept: Kept) -> bool:
        os.kill(kept.pid, signal.SIGSTOP)
        return take_back(pool, kept)

    monkeypatch.setattr(KeeperPool, "take_back", stop)
    monkeypatch.setattr(process, "START_SECONDS", 0.1)
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.1)
    write = "echo $SCHEDULED_JOB >> out"
    engine = ticked(
        tmp_path, job("a"), job("b", command=write, timeout=0.1), job("c", command=write)
    )

    assert noted(engine) == ["c"]
    found = {row["job"]: row["outcome"] for row in engine.rows}
    assert found == {"a": "succeeded", "b": "interrupted", "c": "succeeded"}


def test_a_program_that_takes_long_to_open_holds_up_no_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho program >> out\n")
    program.chmod(0o755)
    monkeypatch.setattr(process, "START_SECONDS", 0.1)
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.1)
    with program.open("rb") as stream:
        # Who opens it while we have the lease waits for us, most of a minute.
        fcntl.fcntl(stream, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        engine = ticked(
            tmp_path, job("a", command="./program", timeout=0.1), job("b", command="echo b >> out")
        )

    assert noted(engine) == ["b"]
    found = {row["job"]: row["outcome"] for row in engine.rows}
    assert found == {"a": "timed_out", "b": "succeeded"}
