"""Facts learned from files, kept so that only changed files are read again.

Facts about a file hold as long as its stamp (size, mtime, inode) does. They are kept in one file
for each purpose, which may be deleted at any time: it is checked as a whole when it is read, and
if anything is wrong with it, it counts as empty and only costs the reading. New facts are appended
as one line; the file is rewritten once too much of it is outdated.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from scheduled.system import collector
from scheduled.system import private as state_files
from scheduled.system.files import Stamp, stamp_of
from scheduled.system.open_folders import OpenFolders
from scheduled.system.owners import is_ours

Facts = list[Any]
"""What is known about a file, JSON values; the shape is up to whoever remembers them."""

MAGIC = b"scheduled-cache"

VERSION = 4
"""To be raised whenever the format of the file changes; older files are then ignored."""

# A file changed twice within one tick of the file system's clock keeps its mtime, so what was
# read between the two would look current for ever. Files as young as this are not remembered.
# A second, because some file systems count in seconds. git knows it as the "racy" index entry.
YOUNG = 1_000_000_000

OUTDATED = 0.2
"""The part of a file's rows that may be outdated before it is rewritten."""


class StampCache:
    """The facts known so far, and those learned now. For one writer at a time.

    `key` is what the facts depend on besides the files: with another key nothing is known. A
    `private` cache is ignored if another user could have written it.
    """

    def __init__(
        self, path: Path, key: Any = None, *, private: bool = False, outdated: float = OUTDATED
    ) -> None:
        self._path = path
        self._outdated = outdated
        self._key = json.dumps(key, sort_keys=True)
        trusted = not private or is_ours(path)
        self._before, self._written = _load(path, self._key, self._unpack) if trusted else ({}, 0)
        self._now: dict[str, Facts] = {}
        self._learned: dict[str, Facts] = {}
        self.folders = OpenFolders()
        """Those that a sweep is looking into."""

    def rows(self) -> dict[str, tuple[Stamp, Facts]]:
        """Return all that was known before, outdated or not: stamp and facts by path."""
        return {path: ((row[0], row[1], row[2]), row[3:]) for path, row in self._before.items()}

    def unchanged(self, path: str) -> Facts | None:
        """Return the facts about `path` if it is unchanged. Raises OSError.

        The cheapest question of a sweep: a file without facts is not even looked at. The path may
        lead through a link that others have made meanwhile: no facts are known of what is there.
        """
        row = self._before.get(path)
        if row is None:
            return None
        return self.recall(path, stamp_of(os.stat(path)))

    def recall(self, path: str, stamp: Stamp) -> Facts | None:
        """Return the facts about `path` if they were learned when it had this stamp."""
        row = self._before.get(path)
        if row is None or row[1] != stamp[1] or row[0] != stamp[0] or row[2] != stamp[2]:
            return None
        self._now[path] = row
        return row[3:]

    def seen(self, path: str) -> Stamp | None:
        """Return the stamp with which the facts about `path` are known now; None if they are not.

        For who wants to know when a file was written that a sweep has just looked at.
        """
        row = self._now.get(path)
        return None if row is None else (row[0], row[1], row[2])

    def remember(self, path: str, seen: Stamp, facts: Facts) -> None:
        """Keep `facts`, learned from `path` after its stamp was taken as `seen`."""
        if seen[1] < self._young_since:
            self.keep(path, seen, facts)

    def keep(self, path: str, seen: Stamp, facts: Facts) -> None:
        """Keep `facts` like `remember`, however young the file is."""
        self._now[path] = self._learned[path] = [*seen, *facts]

    def names(self, folder: str, wanted: Callable[[str], bool]) -> list[str]:
        """Return the wanted names in a folder, sorted. Raises OSError, LinkError.

        An entry that comes, goes or is renamed changes the stamp of its folder.
        """
        names = self.unchanged(folder)
        if names is None:
            place = self.folders.folder(folder)
            names = sorted(filter(wanted, place.names()))
            self.remember(folder, place.seen, names)
        return names

    def save(self) -> None:
        """Save the facts for the next time. Facts not asked for again expire."""
        self.folders.close()
        rows = self._written + len(self._learned)
        anew = not self._written or len(self._now) < rows * (1 - self._outdated)
        with contextlib.suppress(OSError):  # a full disk costs the next reading, nothing else
            if rows and anew:
                content = _line(self._key.encode()) + _line(self._pack(self._now))
                state_files.make_folder(self._path.parent)
                state_files.replace(self._path, content)
            elif self._learned:
                with state_files.opened(self._path, "ab") as stream:
                    stream.write(_line(self._pack(self._learned)))

    def _pack(self, rows: dict[str, Facts]) -> bytes:
        return json.dumps(rows, separators=(",", ":")).encode()

    def _unpack(self, data: bytes) -> dict[str, Facts] | None:
        rows: Any = json.loads(data)
        return rows if isinstance(rows, dict) else None

    @cached_property
    def _young_since(self) -> int:
        return _file_system_clock(self._path.parent) - YOUNG


def _load(
    path: Path, key: str, unpack: Callable[[bytes], dict[str, Facts] | None]
) -> tuple[dict[str, Facts], int]:
    """Return the rows of a cache file, and how many were written; 0 if it has to be rewritten."""
    try:
        first, *records = _records(state_files.read(path))
    except (OSError, ValueError):
        return {}, 0
    rows: dict[str, Facts] = {}
    written = 0
    if first != key.encode():
        return rows, 0
    with collector.paused():
        for record in records:
            learned = None if record is None else unpack(record)
            if learned is None:
                return rows, 0  # torn by a crash, damaged, or of another version
            rows.update(learned)
            written += len(learned)
    return rows, written


def _records(data: bytes) -> Iterator[bytes | None]:
    """Yield what each line of a cache holds; None, and no more, where one is not as written.

    A line may hold any bytes: its start says how many.
    """
    at = 0
    while at < len(data):
        tab = data.find(b"\t", at)
        length = data[at:tab].rpartition(b" ")[2]
        end = tab + 1 + int(length) if length.isdigit() else at
        record = data[tab + 1 : end]
        if end <= tab or data[at:tab] != _head(record) or data[end : end + 1] != b"\n":
            yield None
            return
        yield record
        at = end + 1


def _line(record: bytes) -> bytes:
    return b"%s\t%s\n" % (_head(record), record)


def _head(record: bytes) -> bytes:
    """Return the start that shows that a line is this version's and complete."""
    return b"%s %d %08x %d" % (MAGIC, VERSION, zlib.crc32(record), len(record))


def _file_system_clock(folder: Path) -> int:
    """Return the file system's time in ns: the mtime it gives to the cache folder.

    0 if that cannot be written to: nothing can be kept there either.
    """
    try:
        state_files.make_folder(folder)
        os.utime(folder)
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
