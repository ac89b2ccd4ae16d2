"""Which processes have a file open for writing, and whether they append, from /proc.

Only root can look into the processes of others. So nobody may be named here though somebody writes;
that is known from a lease alone (`linux.take_lease`).
"""

import os
from collections.abc import Iterator
from contextlib import suppress

from scheduled.quick_classes import NamedTuple


class Writer(NamedTuple):
    """A process that has a file open for writing."""

    pid: int
    name: str
    appends: bool
    """Whether each write goes to the end of the file, wherever that is by then."""

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name})"


def writers(status: os.stat_result) -> list[Writer]:
    """Return the processes that can be seen to have a file open for writing."""
    return [*_writers((status.st_dev, status.st_ino))]


def _writers(identity: tuple[int, int]) -> Iterator[Writer]:
    for pid in filter(str.isdigit, _names("/proc")):
        flags = [_flags(pid, number, identity) for number in _names(f"/proc/{pid}/fd")]
        writing = [each for each in flags if each is not None and each & os.O_ACCMODE]
        if writing:
            yield Writer(int(pid), _name(pid), all(each & os.O_APPEND for each in writing))


def _flags(pid: str, number: str, identity: tuple[int, int]) -> int | None:
    """Return the flags of a descriptor of that file, as for open(2); None if it is of another."""
    with suppress(OSError, ValueError):
        status = os.stat(f"/proc/{pid}/fd/{number}")
        if (status.st_dev, status.st_ino) == identity:
            with open(f"/proc/{pid}/fdinfo/{number}", "rb") as stream:
                fields = dict(line.split(b":", 1) for line in stream if b":" in line)
            return int(fields[b"flags"], 8)
    return None


def _names(folder: str) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []


def _name(pid: str) -> str:
    with suppress(OSError), open(f"/proc/{pid}/comm", "rb") as stream:
        return stream.read().decode("utf-8", "replace").strip()
    return "?"
