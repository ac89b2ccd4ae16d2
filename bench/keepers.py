"""What it costs to know how a run ended whoever lives on: a keeper for each, and its exit file."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.cost import work
from bench.row import Effort, Row
from scheduled.jobs.model import Attempt, Job
from scheduled.runs import process
from scheduled.runs.process import Running
from scheduled.runs.run_context import RunContext
from scheduled.system import locks

# Loaded as in a tick: what a keeper costs depends on the size of the process that forks it.
from scheduled.ticks import tick  # noqa: F401

WAITING = ("/bin/sleep", "60")
ENDING = ("/bin/true",)


def keepers(_: Path, effort: Effort) -> Iterator[Row]:
    """Measure for how long starting runs holds the tick, and whole runs one after the other."""
    runs = effort.of(100, 3)
    yield effort.row(
        "keeper, start",
        f"starting {runs} runs with a keeper each",
        partial(work, "keepers:start_kept", runs),
        "subprocess.Popen",
        partial(work, "keepers:start_plain", runs),
    )
    yield effort.row(
        "keeper, whole run",
        f"{runs} runs of `true` with a keeper each, one after the other",
        partial(work, "keepers:run_kept", runs),
        "subprocess.Popen and wait4",
        partial(work, "keepers:run_plain", runs),
    )


def start_kept(runs: str) -> Callable[[], object]:
    """Start runs that go on."""
    return partial(_repeat, _starter(WAITING, ends=False), int(runs))


def start_plain(runs: str) -> Callable[[], object]:
    """Start the same processes without a keeper."""
    return partial(_repeat, partial(_popen, WAITING, ends=False), int(runs))


def run_kept(runs: str) -> Callable[[], object]:
    """Start runs and wait for the end of each."""
    return partial(_repeat, _starter(ENDING, ends=True), int(runs))


def run_plain(runs: str) -> Callable[[], object]:
    """Start the same processes without a keeper, and wait for the end of each."""
    return partial(_repeat, partial(_popen, ENDING, ends=True), int(runs))


def _repeat(one_run: Callable[[], object], times: int) -> None:
    for _ in range(times):
        one_run()


def _starter(command: tuple[str, ...], *, ends: bool) -> Callable[[], object]:
    """Return what starts a run as a tick does."""
    folder = Path(tempfile.mkdtemp(prefix="scheduled-bench-"))
    atexit.register(shutil.rmtree, folder)
    lock = locks.take_job(folder, "bench")
    assert lock is not None
    now = datetime.now(UTC)
    context = RunContext(folder, folder, folder, folder, "UTC", now, {"PATH": "/bin"})
    job = Job("bench", "@hourly", "UTC", command=command)
    runs: list[Running] = []

    def start() -> None:
        running = process.start(Attempt(f"r{len(runs)}", job, now), {}, context, lock)
        runs.append(running)
        assert running.keeper
        if ends:
            status = running.status
            os.waitpid(running.keeper, 0)
            assert status is not None
        else:
            atexit.register(lambda: os.kill(running.family.pid, signal.SIGKILL))

    return start


def _popen(command: tuple[str, ...], *, ends: bool) -> None:
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    if ends:
        os.wait4(child.pid, 0)
        child.returncode = 0
    else:
        atexit.register(child.kill)
