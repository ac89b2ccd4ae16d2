"""The children of a tick: wait for them, enforce their timeouts, stop them with all they started.

A run is stopped with TERM to its session and, after a grace, KILL. So is any process that left
the session, found by ancestry and by the run id in its environment. Processes that got a signal
are remembered, because ancestry is lost when a parent ends. A run that ends by itself may leave
processes behind.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Self

from scheduled.jobs.model import AttemptResult
from scheduled.runs import process
from scheduled.runs.process import Running
from scheduled.state.records import ActiveRun
from scheduled.system import machine
from scheduled.system.processes import descendants, find, is_alive, start_time

GRACE_SECONDS = 10.0
LOOK_SECONDS = 0.25
"""How often the sizes of output files are checked while runs are in progress."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """A context in which children run; signal handlers are restored at its end."""

    def __init__(self, on_poll: Callable[[], object] = lambda: None) -> None:
        self.running: list[Running] = []
        self.stopped_by: signal.Signals | None = None
        """The signal that told the tick to stop, if one came."""
        self._on_poll = on_poll
        self._wake: tuple[int, int] = (-1, -1)
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        before = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._undo = [lambda: signal.set_wakeup_fd(before)]
        self._handle(signal.SIGCHLD, lambda *_: None)
        for stop in STOP_SIGNALS:
            self._handle(stop, self._on_stop_signal)
        return self

    def __exit__(self, *_: object) -> None:
        # Leave nothing running, even after an error of this program.
        for running in self.running:
            _kill(running, signal.SIGKILL)
            if running.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.process.wait(GRACE_SECONDS)
        for undo in reversed(self._undo):
            undo()
        for end in self._wake:
            os.close(end)

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:
        """Return the runs that ended as soon as one has, or none after `patience` seconds.

        Without `patience`, return none only if nothing runs. After a stop signal all runs end
        soon.
        """
        until = None if patience is None else time.monotonic() + patience
        while self.running or (until is not None and self.stopped_by is None):
            ended = list(self._reap())
            if ended:
                return ended
            self._enforce_timeouts(time.monotonic())
            for running in self.running:
                with contextlib.suppress(OSError):
                    running.output.trim_if_large()
            self._on_poll()
            if until is not None and time.monotonic() >= until:
                break
            select.select([self._wake[0]], [], [], LOOK_SECONDS)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake[0], 4096)
        return []

    def _reap(self) -> Iterator[tuple[Running, AttemptResult]]:
        for running in list(self.running):
            if running.process is None:
                self.running.remove(running)
                yield running, process.failed_start(running)
                continue
            pid, status, usage = os.wait4(running.pid, os.WNOHANG)
            if pid:
                if running.stop:
                    _kill(running, signal.SIGKILL)
                self.running.remove(running)
                yield running, process.result_of(running, status, usage)

    def _enforce_timeouts(self, now: float) -> None:
        for running in self.running:
            if not running.stop and (self.stopped_by is not None or now >= running.deadline):
                running.stop = self.stopped_by.name if self.stopped_by else "timeout"
                running.stop_since = now
                _kill(running, signal.SIGTERM)
            elif (
                running.stop_since is not None
                and not running.killed
                and now >= running.stop_since + GRACE_SECONDS
            ):
                running.killed = True
                _kill(running, signal.SIGKILL)

    def _handle(
        self, number: signal.Signals, action: Callable[[int, FrameType | None], Any]
    ) -> None:
        if signal.getsignal(number) is signal.SIG_IGN:
            return  # ignored on purpose, as nohup does with SIGHUP
        before = signal.signal(number, action)
        self._undo.append(lambda: signal.signal(number, before))

    def _on_stop_signal(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = signal.Signals(number)


def find_survivor(run: ActiveRun) -> int:
    """Return the process of a run that is still alive, or 0."""
    if run.boot_id != machine.boot_id():
        return 0
    if run.pid is None:
        return find(run.run_id)
    return run.pid if is_alive(run.pid, run.pid_started or 0) else 0


def _kill(running: Running, number: signal.Signals) -> None:
    signalled = {pid for pid, started in running.signalled.items() if is_alive(pid, started)}
    family = descendants(running.pid, running.attempt.run_id, signalled)
    running.signalled |= {
        pid: started for pid in family if (started := start_time(pid)) is not None
    }
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, number)
    for pid in family:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
