"""Processes that a tick forks to talk to the outside, and kills if that takes too long."""

import contextlib
import os
import signal
from collections.abc import Callable

from scheduled.quick_classes import NamedTuple
from scheduled.system import forking


class Forked(NamedTuple):
    """A process of its own, and the pipe that it writes to."""

    pid: int
    pipe: int

    def end(self) -> None:
        """Kill what is left of it, and close the pipe."""
        os.close(self.pipe)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def start(work: Callable[[int], object]) -> Forked:
    """Fork a process that does `work`, given the descriptor to write to. Raises OSError."""
    return Forked(*forking.fork(lambda pipe, _: _do(work, pipe)))


def _do(work: Callable[[int], object], pipe: int) -> None:
    _detach()
    work(pipe)


def _detach() -> None:
    """Become a process group of its own, without the tick's handlers and output."""
    os.setsid()
    for number in (*signal.valid_signals(),):
        with contextlib.suppress(OSError, ValueError):
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
