"""What a sweep found in the files, so that the next one reads only those that changed.

Facts about a file hold as long as its stamp (size, mtime, inode) does. They lie in one file a
job, which may be deleted at any time: it is checked as a whole when it is read, and whatever is
wrong with it, the sweep starts afresh and costs the reading.
"""

import contextlib
import errno
import json
import os
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scheduled.files import Stamp, replace

Facts = list[Any]
"""What is worth knowing of a file, JSON values; the shape is up to who remembers them."""

MAGIC = b"scheduled-sweep"

VERSION = 1
"""To be raised whenever facts of any kind change their shape; older files are then not used."""

# A file changed twice within one tick of the file system's clock keeps its mtime, so what was
# read between the two would look current for ever. Files as young as this are not remembered.
# A second, because some file systems count in seconds. git knows it as the "racy" index entry.
YOUNG = 1_000_000_000


class Cache:
    """The facts of the last sweep, and those of this one. For one writer at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = _rows(path)
        self._now: dict[str, Facts] = {}
        self._changed = False
        self._young_since = _file_system_clock(path.parent) - YOUNG

    def unchanged(self, path: str) -> Facts | None:
        """What was remembered of `path`, if it is as it was. Raises OSError.

        The cheapest question a sweep can ask: what nothing is known of is not even looked at.
        """
        row = self._before.get(path)
        if row is None:
            return None
        status = os.stat(path)
        if row[1] != status.st_mtime_ns or row[0] != status.st_size or row[2] != status.st_ino:
            return None
        self._now[path] = row
        return row[3:]

    def recall(self, path: str, seen: Stamp) -> Facts | None:
        """What was remembered of `path`, if its stamp still is `seen`."""
        row = self._before.get(path)
        if row is None or row[0] != seen[0] or row[1] != seen[1] or row[2] != seen[2]:
            return None
        self._now[path] = row
        return row[3:]

    def remember(self, path: str, seen: Stamp, facts: Facts) -> None:
        """Keep `facts`, learned from `path` after its stamp was taken as `seen`."""
        if seen[1] < self._young_since:
            self._now[path] = [*seen, *facts]
            self._changed = True

    def names(self, folder: str, wanted: Callable[[str], bool]) -> list[str]:
        """The wanted names in a folder, sorted. Raises OSError.

        An entry that comes, goes or is renamed changes the stamp of its folder.
        """
        known = self.unchanged(folder)
        if known is None:
            seen = stamp_of(os.stat(folder))
            known = sorted(name for name in os.listdir(folder) if wanted(name))
            self.remember(folder, seen, known)
        return known

    def save(self) -> None:
        """Keep this sweep's facts for the next, without those of files not asked for again."""
        if not self._changed and len(self._now) == len(self._before):
            return
        text = json.dumps([VERSION, self._now], separators=(",", ":")).encode()
        with contextlib.suppress(OSError):  # a full disk costs the next sweep time, nothing else
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace(self._path, b"%s %08x\n%s" % (MAGIC, zlib.crc32(text), text), mode=0o600)


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp that goes with what `stat` says."""
    return status.st_size, status.st_mtime_ns, status.st_ino


def read(path: str) -> tuple[Stamp, bytes]:
    """The content of a regular file, and the stamp that the very same file had before.

    Raises OSError; also for a pipe or a device, which could keep us waiting for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        data = os.read(descriptor, status.st_size + 1)
        while len(data) > status.st_size and (more := os.read(descriptor, 1 << 20)):
            data += more  # it is growing while we read
        return stamp_of(status), data
    finally:
        os.close(descriptor)


def _rows(path: Path) -> dict[str, Facts]:
    """The rows of a cache file; none if it is missing, damaged, or of another version."""
    try:
        head, _, text = path.read_bytes().partition(b"\n")
        if head == b"%s %08x" % (MAGIC, zlib.crc32(text)):
            version, rows = json.loads(text)
            return dict(rows) if version == VERSION else {}
    except (OSError, ValueError):
        pass
    return {}


def _file_system_clock(folder: Path) -> int:
    """What the file system takes for the time, in ns: the mtime it gives to our own folder.

    0 where that cannot be written to: nothing can be kept there either.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
