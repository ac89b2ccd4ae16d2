"""Standard streams that are closed, full or gone: they must never cost a tick its work.

A program may be started with any of the three closed. The next file it opens then takes the
free number, and printed text ends up in that file, perhaps the journal.
"""

import contextlib
import os
import sys
from typing import TextIO, cast

from scheduled.errors import reason_of


def complete() -> None:
    """Open closed standard streams on /dev/null. Call it before any other file is opened."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = _reopened(0, "r")
    if sys.stdout is None:
        sys.stdout = _reopened(1, "w")
    if sys.stderr is None:
        sys.stderr = _reopened(2, "w")


def lost() -> str:
    """Return why printed text could not be written; empty if all of it was.

    The rest of the buffer is discarded, or Python would complain again on exit.
    """
    reason = ""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            reason = reason or reason_of(error)
            _throw_away(stream)
    return reason


def _reopened(number: int, mode: str) -> TextIO:
    stream = open(number, mode, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    return cast("TextIO", stream)


def _throw_away(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError):
        os.dup2(nowhere, stream.fileno())
        stream.flush()
    os.close(nowhere)
