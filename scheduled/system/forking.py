"""Processes that go on as a copy of this one: how they are forked without a signal in between."""

import gc
import os
import signal
import sys
import warnings

# Those of `signal` make an enum of each signal: 64 of them four times a run, a tenth of what a run
# costs.
from _signal import pthread_sigmask, valid_signals  # type: ignore[import-not-found]
from collections.abc import Callable, Iterable
from typing import NoReturn

__all__ = ["Work", "fork", "pthread_sigmask"]

Work = Callable[[int, Iterable[int]], object]
"""Is given the descriptor to write to, and the signals that were blocked before the fork."""


def fork(work: Work) -> tuple[int, int]:
    """Fork a process that does `work` and exits; return its id and the end of a pipe from it.

    All signals are blocked in it until it sets its own handlers: one that is meant for this process
    must not run handlers of this process there. Raises OSError.
    """
    reading, writing = os.pipe()
    before = pthread_sigmask(signal.SIG_BLOCK, valid_signals())
    try:
        pid = _fork()
        if pid == 0:
            _go_on(work, writing, before)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
        pthread_sigmask(signal.SIG_SETMASK, before)
    return pid, reading


def _fork() -> int:
    """Fork, without a warning of the threads that a program which calls the API may have.

    The copy takes no lock of theirs.
    """
    if "threading" not in sys.modules:
        return os.fork()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _go_on(work: Work, pipe: int, mask: Iterable[int]) -> NoReturn:
    """Be the copy, for all its life."""
    try:
        gc.disable()  # a finalizer could close a descriptor whose number is ours by now
        signal.set_wakeup_fd(-1)
        work(pipe, mask)
    finally:
        os._exit(0)
