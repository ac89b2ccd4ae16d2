"""How a run ended, in a file beside its output: the run's keeper writes it, whoever lives on.

A tick that is killed learns nothing of its runs any more; the next one reads these files. A file
is complete or counts as absent: it ends with a line break, which is written last.
"""

import contextlib
import json
import math
import os
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.system import private

UNWRITTEN = 120
"""The exit code of a Python that could not write out what was printed (see `sys.exit`)."""
SUFFIX = ".exit"
LARGEST = 64 * 1024


class ExitStatus(NamedTuple):
    """How the process of a run ended, or why there was none."""

    exit_code: int | None
    """Negative for the signal that killed it; None if nothing was started."""
    seconds: float = 0.0
    """From the start of the run to its end."""
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
    """None if the process needed less than the one that started it; the kernel cannot say then."""
    failure: str = ""
    """Why nothing was started."""
    is_shortage: bool = False
    """Whether nothing was started because the machine lacks something, and not for the job."""
    is_stopped: bool = False
    """Whether somebody was stopping the run when it ended."""


def encode(status: ExitStatus) -> bytes:
    """Return the content of the file: one line of JSON."""
    document: dict[str, Any] = {
        "exit_code": status.exit_code,
        "duration_seconds": round(status.seconds, 6),
        "cpu_seconds": status.cpu_seconds,
        "max_rss_bytes": status.max_rss_bytes,
    }
    if status.is_stopped:
        document["is_stopped"] = True
    if status.failure:
        document |= {"failure": status.failure, "is_shortage": status.is_shortage}
    return json.dumps(document).encode() + b"\n"


def decode(data: bytes) -> ExitStatus | None:
    """Return what a complete file says; None for any other."""
    if not data.endswith(b"\n"):
        return None
    try:
        document = json.loads(data)
        status = ExitStatus(
            exit_code=document["exit_code"],
            seconds=float(document["duration_seconds"]),
            cpu_seconds=document["cpu_seconds"],
            max_rss_bytes=document["max_rss_bytes"],
            failure=str(document.get("failure", "")),
            is_shortage=document.get("is_shortage") is True,
            is_stopped=document.get("is_stopped") is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return status if _is_sound(status) else None


def write(path: str, status: ExitStatus) -> None:
    """Write the file beside its place and rename it. Raises OSError.

    It is not synced: after a power cut a file that is torn counts as absent.
    """
    beside = f"{path}.new"
    descriptor = private.open_file(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(descriptor, encode(status))
    finally:
        os.close(descriptor)
    os.rename(beside, path)


def read(path: str | os.PathLike[str]) -> ExitStatus | None:
    """Return what the file says; None if there is none, or none that is complete."""
    with contextlib.suppress(OSError):
        descriptor = private.open_file(path, os.O_RDONLY)
        try:
            return decode(os.read(descriptor, LARGEST))
        finally:
            os.close(descriptor)
    return None


def _is_sound(status: ExitStatus) -> bool:
    counts = (status.exit_code, status.max_rss_bytes)
    seconds = (status.seconds, status.cpu_seconds or 0.0)
    return (
        all(count is None or type(count) is int for count in counts)
        and all(isinstance(value, int | float) and 0 <= value < math.inf for value in seconds)
        and (status.exit_code is None) == bool(status.failure)
    )
