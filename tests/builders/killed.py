"""Ticks that are killed while their jobs run, and what lives on after them."""

import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduled.runs.process import Running
from tests.builders.engine import Engine

PATIENCE = 12_000


def tick_and_kill(engine: Engine, when: str, *, spare_the_job: bool = False) -> int:
    """Run a tick and kill it while its job runs; return the process id of the job.

    The job is called `backup` and appends a line to `out` when it has begun. Unless it is spared,
    it is killed as well, and its keeper before it, as when a machine loses its power.
    """
    before = len(engine.lines())
    child = os.fork()
    if child == 0:
        engine.run_at(when)
        os._exit(0)
    while len(engine.lines()) == before:
        time.sleep(0.01)
    while (opened := engine.state["jobs"]["backup"].get("open") or {}).get("pid") is None:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pid = int(opened["pid"])
    if not spare_the_job:
        os.kill(opened["keeper"], signal.SIGKILL)
        wait_for_the_end_of(opened["keeper"])
        os.killpg(pid, signal.SIGKILL)
        wait_for_the_end_of(pid)
    return pid


def wait_for_the_end_of(pid: int) -> None:
    """Wait until a process that has been killed has gone."""
    for _ in range(PATIENCE):
        if not is_alive(pid):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} lives on")


def is_alive(pid: int) -> bool:
    """Return whether a process lives; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def time_out_once(monkeypatch: pytest.MonkeyPatch, ready: Callable[[], object]) -> None:
    """Let the time of every run be up as soon as they are `ready`, on a slow machine too."""
    deadline = property(lambda _: 0.0 if ready() else math.inf)
    monkeypatch.setattr(Running, "deadline", deadline)
