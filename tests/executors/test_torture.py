"""Kills and cancels at random moments of runs elsewhere: none twice, none lost, nothing false."""

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import dask_cluster, needs, soak
from tests.builders.dask_cluster import wait_until
from tests.builders.elsewhere import Home, job
from tests.builders.process_space import ProcessSpace, all_processes

pytestmark = pytest.mark.slow

JOBS = ("a", "b", "c", "d")
VICTIMS = ("proxy", "connection", "tick", "keeper", "outpost", "two")
WORK_SECONDS = 1.5
WORK = f"sleep {WORK_SECONDS}{os.getpid()}"
"""Known among the processes of other tests."""


def worked(home: Home) -> None:
    """Jobs that note when they begin and end, and whether another run of theirs goes on."""
    log = home.folder / "log"
    script = (
        f"exec 9>>{home.folder}/$SCHEDULED_JOB.lock; flock -n 9 || echo twice >>{log};"
        f" echo begin $SCHEDULED_RUN_ID >>{log}; {WORK};"
        f" echo end $SCHEDULED_RUN_ID >>{log}"
    )
    home.configure("".join(job(script, name) for name in JOBS))


def noted(home: Home, word: str) -> list[str]:
    log = home.folder / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split()[-1] for line in lines if line.split()[0] == word]


def settled(home: Home) -> bool:
    home.call("run")
    status = json.loads(home.call("status", "--json").stdout)
    return not status["running"]


def check(home: Home, alive: Callable[[], object]) -> None:
    """Look at what has been recorded of all runs, now that nothing runs."""
    wait_until("all is settled", lambda: settled(home))
    assert not alive()
    begun, ended, rows = noted(home, "begin"), noted(home, "end"), home.rows()
    assert noted(home, "twice") == []
    assert len(begun) == len(set(begun))
    by_run = {row["run_id"]: row for row in rows}
    assert {*begun} <= {*by_run}
    for run_id, row in by_run.items():
        said = json.dumps(row)
        if row["outcome"] == "succeeded":
            assert run_id in ended, said
        elif row["outcome"] is None:
            assert run_id not in begun, said
        else:
            assert row["outcome"] in ("interrupted", "failed", "skipped"), said
            assert row["reason"] or row["error"], said


def kill(home: Home, victim: str, rng: random.Random) -> None:
    space = home.space
    match victim:
        case "proxy":
            found = space.processes("executors.proxy")
        case "connection":
            found = space.processes("ssh ", "-T") or space.processes("executors.proxy")
        case "tick" | "keeper":
            found = space.processes("-m scheduled", str(home.folder))
            found = found[:1] if victim == "tick" else found[1:]
        case "outpost":
            found = [outpost for pid in all_processes(WORK) if (outpost := _outpost_of(pid))]
        case _:
            kill(home, rng.choice(VICTIMS[:-1]), rng)
            kill(home, rng.choice(VICTIMS[:-1]), rng)
            return
    if found:
        _kill(rng.choice(found))


def _outpost_of(pid: int) -> int:
    """Return the outpost that has started a process; 0 if it is gone."""
    with contextlib.suppress(OSError):
        while pid > 1 and b"version_info<(3,8)" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return pid if pid > 1 else 0
    return 0


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("seed", range(soak.count(1, 5)))
def test_kills_at_random_moments(home: Home, seed: int) -> None:
    needs.programs("flock")
    rng = random.Random(seed)
    worked(home)
    for _ in range(soak.count(1, 40)):
        tick = home.start("trigger", *JOBS)
        time.sleep(rng.uniform(0.0, WORK_SECONDS + 1.5))
        kill(home, rng.choice(VICTIMS), rng)
        tick.wait(120)
    check(home, lambda: all_processes(WORK))


def test_cancels_at_random_moments(home: Home) -> None:
    needs.programs("flock")
    rng = random.Random(7)
    worked(home)
    for _ in range(soak.count(1, 30)):
        tick = home.start("trigger", *JOBS)
        time.sleep(rng.uniform(0.0, WORK_SECONDS + 1.5))
        for name in JOBS:
            home.call("cancel", name, "--stop")
        tick.wait(120)
        assert noted(home, "twice") == []
    home.call("enable", *JOBS)
    check(home, lambda: all_processes(WORK))


@pytest.mark.parametrize("seed", range(soak.count(1, 5)))
def test_workers_and_schedulers_killed_at_random_moments(
    tmp_path: Path, space: ProcessSpace, seed: int
) -> None:
    needs.programs("flock")
    rng = random.Random(11 + seed)
    with dask_cluster.running(tmp_path / "cluster", "one", "two") as cluster:
        home = Home(tmp_path / "home", space, cluster.executor())
        for _ in range(soak.count(1, 40)):
            home.executor = cluster.executor()
            worked(home)
            tick = home.start("trigger", *JOBS)
            time.sleep(rng.uniform(0.3, WORK_SECONDS + 1.5))
            victim = rng.choice(("one", "two", "scheduler", "proxy", "tick"))
            if victim in ("proxy", "tick"):
                kill(home, victim, rng)
            else:
                cluster.kill(victim)
            tick.wait(120)
            wait_until("all is settled", lambda: settled(home))
            cluster.repair("one", "two")
        home.executor = cluster.executor()
        check(home, lambda: all_processes(WORK))
        home.close()
