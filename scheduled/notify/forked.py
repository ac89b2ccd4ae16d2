"""Processes that a tick forks to talk to the outside, and kills if that takes too long."""

import contextlib
import gc
import os
import signal
import warnings
from collections.abc import Callable
from typing import NamedTuple, NoReturn


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
    reading, writing = os.pipe()
    # No signal meant for the tick may run its handlers in the process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # as in runs.keeper
            pid = os.fork()
        if pid == 0:
            _do(work, writing)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Forked(pid, reading)


def _do(work: Callable[[int], object], pipe: int) -> NoReturn:
    """Do all that the process does."""
    try:
        gc.disable()  # a finalizer of the tick's could close a descriptor that is ours by now
        _detach()
        work(pipe)
    finally:
        os._exit(0)


def _detach() -> None:
    """Become a process group of its own, without the tick's handlers and output."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (*signal.valid_signals(),):
        with contextlib.suppress(OSError, ValueError):
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
