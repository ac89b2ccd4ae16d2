"""A second process that does half of a long piece of work, where there are two processors.

It is a copy of this one and ends with it, whatever ends this one. Where it cannot be had, or ends
before it is finished, this process does its half as well: so the result is always the same.
"""

import contextlib
import gc
import marshal
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from scheduled.system import forking, linux

Result = TypeVar("Result")


def is_of_use() -> bool:
    """Return whether there is a second processor that we may use."""
    ours = getattr(os, "sched_getaffinity", None)  # not every system can tell
    return ours is not None and len(ours(0)) > 1


def both(first: Callable[[], Result], second: Callable[[], Result]) -> tuple[Result, Result]:
    """Return two results, the second of them worked out in a process of its own.

    It is handed over by `marshal`: lists, tuples and mappings of text, numbers and None. Nothing
    else of what `second` changes reaches this process.
    """
    linux.load()
    parent = os.getpid()
    gc.freeze()  # else either process would copy whatever the collector looks at
    try:
        child, pipe = forking.fork(lambda pipe, mask: _hand_over(second, parent, pipe, mask))
    except OSError:
        gc.unfreeze()
        return first(), second()
    try:
        mine = first()
        theirs: tuple[Result] | None = _read(pipe)
    finally:
        os.close(pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        gc.unfreeze()
    return mine, theirs[0] if theirs else second()


def _hand_over(work: Callable[[], Result], parent: int, pipe: int, mask: Iterable[int]) -> None:
    linux.die_with_parent()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    forking.pthread_sigmask(signal.SIG_SETMASK, mask)
    if os.getppid() != parent:
        return
    with open(pipe, "wb") as stream:
        handed_over: Any = (work(),)
        stream.write(marshal.dumps(handed_over))


def _read(pipe: int) -> tuple[Result] | None:
    """Return what the process has handed over; None if that is not all."""
    with open(pipe, "rb", closefd=False) as stream:
        data = stream.read()
    try:
        handed_over: tuple[Result] = marshal.loads(data)  # noqa: S302 - of a copy of this process
    except (EOFError, ValueError, TypeError):
        return None
    return handed_over
