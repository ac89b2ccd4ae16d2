"""Ending runs before they are done, and nobody else."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs import stop
from scheduled.state.records import job_memory
from scheduled.state.store import Store
from scheduled.system import machine, processes
from tests.builders.jobs import at
from tests.builders.killed import is_alive, wait_for_the_end_of

NOON = "2026-11-21T12:00:00Z"


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that is no run of ours."""
    yield from sleeping({})


@pytest.fixture
def process() -> Iterator[int]:
    """The process of the run."""
    yield from sleeping({"SCHEDULED_RUN_ID": "r1"})


def sleeping(environ: dict[str, str]) -> Iterator[int]:
    with subprocess.Popen(["/bin/sleep", "600"], env=environ, start_new_session=True) as child:
        try:
            while environ and not Path(f"/proc/{child.pid}/environ").read_bytes():
                time.sleep(0.001)  # Popen returns before the kernel has set it up
            yield child.pid
        finally:
            child.kill()


def test_a_request_to_stop_a_run_is_recorded(tmp_path: Path, process: int) -> None:
    store = with_run(tmp_path, process)

    assert press(store)

    wait_for_the_end_of(process)
    run = job_memory(store.state, "backup").open
    assert run is not None
    assert run.stop is not None
    assert run.stop.reason == "enough"


@pytest.mark.parametrize("other", [{"boot_id": "of another boot"}, {"pid_started": 1}])
@pytest.mark.parametrize("told", [False, True])
def test_a_process_that_has_the_id_of_one_that_is_gone_is_let_be(
    tmp_path: Path, stranger: int, other: dict[str, Any], told: bool
) -> None:
    store = with_run(tmp_path, stranger, **other)
    if told:
        long_ago = at("12:05") - stop.PATIENCE
        store.record(long_ago, {"event": "told_to_stop", "job": "backup", "run_id": "r1"} | WHY)

    press(store)

    time.sleep(0.1)
    assert is_alive(stranger)


WHY = {"reason": "enough"}


def with_run(folder: Path, pid: int, **more: Any) -> Store:
    """A store that knows of a run with that process."""
    store = Store(folder).load()
    begin = {"slot": NOON, "attempt": 1, "timeout": 60.0, "boot_id": machine.boot_id()}
    spawned = {"pid": pid, "pid_started": processes.start_time(pid)}
    about = {"job": "backup", "run_id": "r1"}
    store.record(at("12:00"), {"event": "begin", **about, **begin, **more})
    store.record(at("12:00"), {"event": "spawned", **about, **spawned, **more})
    return store


def press(store: Store) -> bool:
    """The next step to end the run, at 12:05."""
    opened = job_memory(store.state, "backup").run("r1")
    assert opened is not None
    with store.locked():
        return stop.escalate(store, "backup", opened, "enough", at("12:05"))
