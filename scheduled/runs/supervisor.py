"""The children of a tick: waiting for them, their deadlines, and stopping all that they are.

A run is stopped with TERM to its whole session, then, after a grace, with KILL; and with it
whoever left the session, found by ancestry and by the run id in its environment. Whoever was
told to end is remembered, for ancestry ends with the first parent that does. A run that ends
well may leave a daemon behind: that is its own affair.
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
"""How often output files are looked at while runs go on."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """A context in which children run; outside it, signals mean what they meant before."""

    def __init__(self, look: Callable[[], object] = lambda: None) -> None:
        self.running: list[Running] = []
        self.stopped_by: signal.Signals | None = None
        """The signal that told us to end, if one came."""
        self._look = look
        self._wake: tuple[int, int] = (-1, -1)
        self._before: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        before = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._before = [lambda: signal.set_wakeup_fd(before)]
        self._handle(signal.SIGCHLD, lambda *_: None)
        for stop in STOP_SIGNALS:
            self._handle(stop, self._told_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        # Nothing may be left running when we leave by an error of our own.
        for running in self.running:
            _kill(running, signal.SIGKILL)
            if running.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.process.wait(GRACE_SECONDS)
        for undo in reversed(self._before):
            undo()
        for end in self._wake:
            os.close(end)

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:
        """The runs that ended, as soon as one has; all of them soon after a signal came.

        Nothing after `patience` seconds. Without it, nothing only if nothing runs.
        """
        until = None if patience is None else time.monotonic() + patience
        while self.running or (until is not None and self.stopped_by is None):
            over = list(self._ended())
            if over:
                return over
            self._enforce(time.monotonic())
            for running in self.running:
                with contextlib.suppress(OSError):
                    running.capture.watch()
            self._look()
            if until is not None and time.monotonic() >= until:
                break
            select.select([self._wake[0]], [], [], LOOK_SECONDS)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake[0], 4096)
        return []

    def _ended(self) -> Iterator[tuple[Running, AttemptResult]]:
        for running in list(self.running):
            if running.process is None:
                self.running.remove(running)
                yield running, process.not_started(running)
                continue
            pid, status, usage = os.wait4(running.pid, os.WNOHANG)
            if pid:
                if running.stop:
                    _kill(running, signal.SIGKILL)
                self.running.remove(running)
                yield running, process.ended(running, status, usage)

    def _enforce(self, now: float) -> None:
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
            return  # somebody wants it ignored: nohup does, for SIGHUP
        before = signal.signal(number, action)
        self._before.append(lambda: signal.signal(number, before))

    def _told_to_stop(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = signal.Signals(number)


def survivor(opened: ActiveRun) -> int:
    """The process of a run whose tick died, if it lives on; 0 if it does not."""
    if opened.boot_id != machine.boot_id():
        return 0
    if opened.pid is None:
        return find(opened.run_id)
    return opened.pid if is_alive(opened.pid, opened.pid_started or 0) else 0


def _kill(running: Running, number: signal.Signals) -> None:
    told = {pid for pid, started in running.told.items() if is_alive(pid, started)}
    family = descendants(running.pid, running.attempt.run_id, told)
    running.told |= {pid: started for pid in family if (started := start_time(pid)) is not None}
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, number)
    for pid in family:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
