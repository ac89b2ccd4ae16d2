"""A limit to the processor time that a piece of work may take.

For work of packages on what others wrote, of which nobody knows when it ends. It is processor time,
so that a busy machine does not make the work fail.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.5
"""Seconds after which it is said again, as a package may catch everything."""


class CpuLimitError(BaseException):
    """Work took longer than it may; no `except Exception` of a package catches it."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise CpuLimitError if the block takes so much processor time; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which only Python programs have, that wait for their own work
        return
    before = signal.signal(signal.SIGPROF, _refuse)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _refuse(_number: int, _frame: FrameType | None) -> None:
    raise CpuLimitError
