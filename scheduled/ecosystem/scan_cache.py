"""Facts that a sweep learned about files, so that the next one reads only changed files.

Facts about a file hold as long as its stamp (size, mtime, inode) does. They are kept in one file
a job, which may be deleted at any time: it is checked as a whole when it is read, and if anything
is wrong with it, the sweep starts afresh and only costs the reading. New facts are appended as
one line; the file is rewritten once too much of it is outdated.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scheduled.system.files import Stamp, replace, stamp_of

Facts = list[Any]
"""What is worth knowing of a file, JSON values; the shape is up to who remembers them."""

MAGIC = b"scheduled-sweep"

VERSION = 2
"""To be raised whenever facts of any kind change their shape; older files are then not used."""

# A file changed twice within one tick of the file system's clock keeps its mtime, so what was
# read between the two would look current for ever. Files as young as this are not remembered.
# A second, because some file systems count in seconds. git knows it as the "racy" index entry.
YOUNG = 1_000_000_000

OUTDATED = 0.2
"""The part of a file's rows that may be outdated before it is written anew."""


class Cache:
    """The facts of the last sweep, and those of this one. For one writer at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before, self._written = _load(path)
        self._now: dict[str, Facts] = {}
        self._learned: dict[str, Facts] = {}
        self._young_since = _file_system_clock(path.parent) - YOUNG

    def unchanged(self, path: str) -> Facts | None:
        """Return the facts about `path` if it is unchanged. Raises OSError.

        The cheapest question of a sweep: a file without facts is not even looked at.
        """
        row = self._before.get(path)
        if row is None:
            return None
        status = os.stat(path)
        if row[1] != status.st_mtime_ns or row[0] != status.st_size or row[2] != status.st_ino:
            return None
        self._now[path] = row
        return row[3:]

    def remember(self, path: str, seen: Stamp, facts: Facts) -> None:
        """Keep `facts`, learned from `path` after its stamp was taken as `seen`."""
        if seen[1] < self._young_since:
            self._now[path] = self._learned[path] = [*seen, *facts]

    def names(self, folder: str, wanted: Callable[[str], bool]) -> list[str]:
        """Return the wanted names in a folder, sorted. Raises OSError.

        An entry that comes, goes or is renamed changes the stamp of its folder.
        """
        names = self.unchanged(folder)
        if names is None:
            seen = stamp_of(os.stat(folder))
            names = sorted(name for name in os.listdir(folder) if wanted(name))
            self.remember(folder, seen, names)
        return names

    def save(self) -> None:
        """Save this sweep's facts for the next one. Facts not asked for again expire."""
        rows = self._written + len(self._learned)
        anew = not self._written or len(self._now) < rows * (1 - OUTDATED)
        with contextlib.suppress(OSError):  # a full disk costs the next sweep time, nothing else
            if rows and anew:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                replace(self._path, _line(self._now), mode=0o600)
            elif self._learned:
                with self._path.open("ab") as stream:
                    stream.write(_line(self._learned))


def _load(path: Path) -> tuple[dict[str, Facts], int]:
    """Return the rows of a cache file, and how many were written; 0 if it has to be rewritten."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return {}, 0
    rows: dict[str, Facts] = {}
    written = 0
    for line in lines:
        head, _, text = line.partition(b"\t")
        if head != _head(text):
            return rows, 0  # torn by a crash, damaged, or of another version
        learned = json.loads(text)
        rows.update(learned)
        written += len(learned)
    return rows, written


def _line(rows: dict[str, Facts]) -> bytes:
    text = json.dumps(rows, separators=(",", ":")).encode()
    return b"%s\t%s\n" % (_head(text), text)


def _head(text: bytes) -> bytes:
    """Return the start that shows that a line is this version's and complete."""
    return b"%s %d %08x" % (MAGIC, VERSION, zlib.crc32(text))


def _file_system_clock(folder: Path) -> int:
    """Return the file system's time in ns: the mtime it gives to the cache folder.

    0 if that cannot be written to: nothing can be kept there either.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
