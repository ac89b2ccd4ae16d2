"""The answer file, beside the output of a run elsewhere: how the run ended, by its proxy.

The exit code of the proxy cannot tell that: a command may end with any code, too.
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
"""Bytes reserved for an answer; every answer fits."""


class Answer(NamedTuple):
    """What became of a run elsewhere: exactly one of the first four is set."""

    exit_code: int | None = None
    failure: str = ""
    """Why the command could not be started on the other machine."""
    not_now: str = ""
    """Why nothing was started anywhere: the slot stays due."""
    lost: str = ""
    """Why it is unknown how the run ended; it is certainly over."""
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
    where: dict[str, Any] | None = None
    is_unreached: bool = False
    """Whether nothing was started since the place could not be reached, or has nobody free."""

    def applied_to(self, status: ExitStatus) -> ExitStatus:
        """Return how the run ended; `status` is how its proxy did."""
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
    """Reserve space for an answer, which then can be written to a full disk. Raises OSError."""
    private.replace(Path(path), b" " * RESERVED, synced="nothing")


def write(path: str | Path, answer: Answer) -> None:
    """Write the answer into the space reserved for it. Raises OSError."""
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
    ends = (answer.exit_code is not None, answer.failure, answer.not_now, answer.lost)
    return answer if data.endswith(b"\n") and sum(map(bool, ends)) == 1 else None
