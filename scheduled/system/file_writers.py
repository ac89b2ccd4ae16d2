"""Which processes have a file open for writing, and whether they append, from /proc.

Only root can look into the processes of others. So nobody may be named here though somebody writes;
that is known from a lease alone (`linux.take_lease`).
"""

import os
import stat
import time
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


Identity = tuple[int, int]
"""Device and inode."""


class Writers:
    """Who writes to which file; a look at all processes serves for many files."""

    def __init__(self) -> None:
        self._found: dict[Identity, list[Writer]] = {}
        self._looked_at: float | None = None

    def of(self, status: os.stat_result, *, oldest: float) -> list[Writer]:
        """Return the processes that are seen to write to a file, by a look of `oldest` seconds."""
        now = time.monotonic()
        if self._looked_at is None or now - self._looked_at > oldest:
            self._found, self._looked_at = _look(), now
        return self._found.get((status.st_dev, status.st_ino), [])


def _look() -> dict[Identity, list[Writer]]:
    found: dict[Identity, list[Writer]] = {}
    for pid in filter(str.isdigit, _names("/proc")):
        writing: dict[Identity, list[int]] = {}
        for number in _names(f"/proc/{pid}/fd"):
            with suppress(OSError, ValueError, KeyError):
                status = os.stat(f"/proc/{pid}/fd/{number}")
                if stat.S_ISREG(status.st_mode) and (flags := _flags(pid, number)) & os.O_ACCMODE:
                    writing.setdefault((status.st_dev, status.st_ino), []).append(flags)
        for identity, all_flags in writing.items():
            appends = all(flags & os.O_APPEND for flags in all_flags)
            found.setdefault(identity, []).append(Writer(int(pid), _name(pid), appends))
    return found


def _flags(pid: str, number: str) -> int:
    """Return the flags of a descriptor, as for open(2). Raises OSError, ValueError, KeyError."""
    with open(f"/proc/{pid}/fdinfo/{number}", "rb") as stream:
        fields = dict(line.split(b":", 1) for line in stream if b":" in line)
    return int(fields[b"flags"], 8)


def _names(folder: str) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []


def _name(pid: str) -> str:
    with suppress(OSError), open(f"/proc/{pid}/comm", "rb") as stream:
        return stream.read().decode("utf-8", "replace").strip()
    return "?"
