"""The runs of a tick: wait for them, enforce their timeouts, stop them with all they started.

A run is stopped with TERM to all its processes and, after a grace, KILL; they are found by
ancestry, session, and the run id in their environment. What got a signal is remembered, because a
parent may end. A run that ends by itself may leave processes behind.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Self

from scheduled.jobs.model import AttemptResult
from scheduled.runs import ending, keeper
from scheduled.runs.keeper_pool import KeeperPool
from scheduled.runs.process import Running
from scheduled.state.records import ActiveRun
from scheduled.system import descriptors, machine, processes
from scheduled.system.processes import Family

GRACE_SECONDS = 10.0
POLL_SECONDS = 0.001
LOOK_SECONDS = 0.25
"""How often keepers and the sizes of output files are looked at while runs are in progress."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """A context in which children run; signal handlers are restored at its end."""

    def __init__(
        self, on_poll: Callable[[], object] = lambda: None, keepers: KeeperPool | None = None
    ) -> None:
        self.running: list[Running] = []
        self.stopped_by: signal.Signals | None = None
        """The signal that told the tick to stop, if one came."""
        self._keepers = keepers or KeeperPool()
        self._on_poll = on_poll
        self._look_at = 0.0
        """When keepers and the sizes of output files are looked at next, on the monotonic clock."""
        self._wake: tuple[int, int] = (-1, -1)
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        before = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._undo = [lambda: signal.set_wakeup_fd(before)]
        self._handle(signal.SIGCHLD, signal.SIG_DFL)  # ignored, nobody could be waited for
        for stop in STOP_SIGNALS:
            if signal.getsignal(stop) is not signal.SIG_IGN:  # on purpose, as nohup does
                self._handle(stop, self._on_stop_signal)
        return self

    def __exit__(self, *_: object) -> None:
        # Leave nothing running, even after an error of this program.
        for running in self.running:
            if running.keeper:
                _kill(running, signal.SIGKILL)
        until = time.monotonic() + GRACE_SECONDS
        while self.running and time.monotonic() < until:
            for running in self.running:
                running.hear()
            self.running = [running for running in self.running if not running.has_ended()]
            time.sleep(POLL_SECONDS)
        self._keepers.close()
        for undo in reversed(self._undo):
            undo()
        for end in self._wake:
            os.close(end)

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:
        """Return the runs that ended as soon as one has, or none after `patience` seconds.

        Return none, too, as soon as a process has become known and is not recorded yet, and if
        nothing runs.
        After a stop signal all runs end soon.
        """
        until = None if patience is None else time.monotonic() + patience
        while self.running or (until is not None and self.stopped_by is None):
            ended = list(self._reap())
            if ended:
                return ended
            self._enforce_timeouts(time.monotonic())
            self._trim_outputs()
            self._on_poll()
            if until is not None and time.monotonic() >= until:
                break
            if any(running.is_known and not running.is_recorded for running in self.running):
                break
            self._sleep()
        return []

    def end_free_keepers(self) -> None:
        """End the keepers that would wait for further runs: there are none.

        A process that the tick forks from now on, and that outlives it, would keep them waiting.
        """
        self._keepers.end_free()

    def _trim_outputs(self) -> None:
        """Trim output that has grown too large, if it is time to look again."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        for running in self.running:
            with contextlib.suppress(OSError):
                running.output.trim_if_large()

    def _sleep(self) -> None:
        """Wait for a signal, for a keeper that says something or ends, or for the next look."""
        heard = [running for running in self.running if running.fileno() >= 0]
        ends = len(heard) < len(self.running)  # closed its pipe: in no time it can be waited for
        seconds = POLL_SECONDS if ends else LOOK_SECONDS
        files = [self._wake[0], *(running.fileno() for running in heard)]
        if not descriptors.wait_for(files, seconds) and not ends:
            self._keepers.end_free()
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake[0], 4096)

    def _reap(self) -> Iterator[tuple[Running, AttemptResult]]:
        is_time = time.monotonic() >= self._look_at
        for running in list(self.running):
            running.hear()
            # A keeper holds its pipe to its end; but should something else hold it, look as well.
            if (running.fileno() >= 0 and not is_time) or not running.has_ended():
                continue
            is_kept = running.keeper and not running.is_released
            if is_kept and (running.stop or running.status is None):
                _kill(running, signal.SIGKILL)
            if running.attempt.job.executor and ending.lives_elsewhere(running):
                continue  # its keeper was killed, which would have waited
            self.running.remove(running)
            yield running, ending.result_of(running)

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
        self,
        number: signal.Signals,
        action: Callable[[int, FrameType | None], Any] | signal.Handlers,
    ) -> None:
        before = signal.signal(number, action)
        self._undo.append(lambda: signal.signal(number, before))

    def _on_stop_signal(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = signal.Signals(number)


def find_survivor(run: ActiveRun) -> int:
    """Return the process of a run that is still alive, or 0."""
    if run.boot_id != machine.boot_id():
        return 0
    if run.pid is None:
        return processes.find(run.run_id)
    return run.pid if processes.is_alive(run.pid, run.pid_started or 0) else 0


def signal_run(run: ActiveRun, number: signal.Signals) -> None:
    """Send a signal to all processes of a run that another process waits for.

    The record may outlive the run, even by a restart of the machine, and its process ids may be
    those of strangers by now.
    """
    if run.boot_id == machine.boot_id():
        family = _family(run)
        _tell_keeper(family)
        processes.send(processes.members(family), number)


def stop_overdue(run: ActiveRun) -> bool:
    """Kill a run whose tick died while its keeper waits; return whether there was such a run."""
    if not find_orphan(run):
        return False
    signal_run(run, signal.SIGKILL)
    return True


def find_orphan(run: ActiveRun) -> int:
    """Return the process of a run whose tick died while its keeper waits; 0 for any other run."""
    if run.tick is None or run.boot_id != machine.boot_id():
        return 0
    if processes.is_alive(run.tick, run.tick_started or 0):
        return 0
    return find_survivor(run)


def _family(run: ActiveRun) -> Family:
    return Family(
        run.run_id, run.pid or 0, run.pid_started or 0, run.keeper or 0, run.keeper_started or 0
    )


def _tell_keeper(family: Family) -> None:
    """Tell a keeper that nothing of its run may outlive the job; it goes on if it was stopped."""
    for number in (keeper.STOPPING, signal.SIGCONT):
        processes.send(processes.keeper(family), number)


def _kill(running: Running, number: signal.Signals) -> None:
    family = running.family
    _tell_keeper(family)
    running.signalled |= processes.members(family, running.signalled)
    processes.send(running.signalled, number)
    if number == signal.SIGKILL and not family.pid and not running.signalled:
        # Its keeper does not go on, and nothing else ends the run.
        processes.send({family.keeper: family.keeper_started}, number)
