"""Standard streams that are closed, full or gone: they must never cost a tick its work.

A program may be started with any of the three closed. The next file it opens then takes the
free number, and printed text ends up in that file, perhaps the journal.
"""

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO, cast

from scheduled.errors import reason_of

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Lenient(io.FileIO):
    """A stream that takes all that is written to it: no command stops half-way for want of space.

    What cannot be written is dropped, and the reason kept. Only a pipe that nobody reads stops it.
    """

    reason = ""
    is_over = False

    def write(self, data: "ReadableBuffer") -> int:
        """Write `data`, or drop it."""
        if not self.reason and not self.is_over:
            try:
                return super().write(data)
            except (BrokenPipeError, BlockingIOError):
                raise
            except OSError as error:
                self.reason = reason_of(error)
        return memoryview(data).nbytes


def complete() -> None:
    """Open closed standard streams on /dev/null, and have the others take what they cannot write.

    Call it before any other file is opened.
    """
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
    sys.stdout, sys.stderr = _lenient(sys.stdout), _lenient(sys.stderr)


def echo(text: str, *, err: bool = False) -> None:
    """Print a line on stdout, or on stderr, at once. Raises OSError."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


def lost() -> str:
    """Return why printed text could not be written; empty if all of it was, or nobody reads it.

    The rest of the buffer is discarded, or Python would complain again on exit.
    """
    reason = ""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _throw_away(stream)
        except OSError as error:
            reason = reason or reason_of(error)
            _throw_away(stream)
        raw = getattr(getattr(stream, "buffer", None), "raw", None)
        if isinstance(raw, _Lenient):
            reason = reason or raw.reason
    return reason


def end() -> None:
    """Drop what is printed from now on, and what is buffered.

    For a program that is interrupted: that may have been after a write and before the buffer knew
    of it, so the text would be printed twice.
    """
    for stream in (sys.stdout, sys.stderr):
        raw = getattr(getattr(stream, "buffer", None), "raw", None)
        if isinstance(raw, _Lenient):
            raw.is_over = True


def _lenient(stream: TextIO) -> TextIO:
    """Return the same stream, if it is one of the process's own, in the lenient kind."""
    if type(stream) is not io.TextIOWrapper or stream.closed:
        return stream
    stream.flush()
    raw = _Lenient(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _reopened(number: int, mode: str) -> TextIO:
    stream = open(number, mode, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    return cast("TextIO", stream)


def _throw_away(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError):
        os.dup2(nowhere, stream.fileno())
        stream.flush()
    os.close(nowhere)
