"""How a run elsewhere ended, as its proxy found out: in a file beside its output.

The exit code of a proxy could not say it: each code belongs to commands as well.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.runs.exit_file import ExitStatus
from scheduled.system import private

SUFFIX = ".answer"
RESERVED = 4096
"""Bytes, in which each answer has room."""


class Answer(NamedTuple):
    """What became of a run elsewhere: exactly one of the first four is set."""

    exit_code: int | None = None
    failure: str = ""
    """Why the command could not be started, where it was sent to."""
    not_now: str = ""
    """Why nothing was started anywhere: the slot stays due."""
    lost: str = ""
    """Why nobody knows how it ended; it is certainly over."""
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
    where: dict[str, Any] | None = None

    def applied_to(self, status: ExitStatus) -> ExitStatus:
        """Return how the run ended, given how its proxy did."""
        if self.failure:
            return ExitStatus(None, seconds=status.seconds, failure=self.failure)
        return status._replace(
            exit_code=self.exit_code,
            cpu_seconds=self.cpu_seconds,
            max_rss_bytes=self.max_rss_bytes,
            failure="",
            is_shortage=False,
        )


def path_of(output: Path) -> Path:
    """Return the path of the answer of a run, beside its output."""
    return output.with_suffix(SUFFIX)


def reserve(path: str | Path) -> None:
    """Take the room of an answer, which can then be written to a full disk. Raises OSError."""
    private.replace(Path(path), b" " * RESERVED, synced="nothing")


def write(path: str | Path, answer: Answer) -> None:
    """Write the answer in the place that was reserved for it. Raises OSError."""
    data = json.dumps(answer._asdict()).encode() + b"\n"
    descriptor = private.open_file(path, os.O_WRONLY | os.O_CREAT)
    try:
        os.pwrite(descriptor, data, 0)
        os.ftruncate(descriptor, len(data))
    finally:
        os.close(descriptor)


def read(path: str | Path) -> Answer | None:
    """Return the answer of a run; None if there is none, or none that is complete."""
    with contextlib.suppress(OSError, UnreadableFileError):
        return _decoded(private.read(path))
    return None


def _decoded(data: bytes) -> Answer | None:
    try:
        answer = Answer(**json.loads(data))
    except (ValueError, TypeError, RecursionError):
        return None
    said = (answer.exit_code is not None, answer.failure, answer.not_now, answer.lost)
    return answer if data.endswith(b"\n") and sum(map(bool, said)) == 1 else None
