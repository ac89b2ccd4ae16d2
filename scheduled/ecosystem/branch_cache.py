"""What a sweep found in each branch, kept while nothing changes of what it looked at.

To know that nothing has changed in a branch takes a stat of each file that was looked at, and of
the folders in which a new one would appear. If something has, what is known of its other files
still counts, as in any stamp cache.
"""

import marshal
import math
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scheduled.ecosystem.registry import Branch
from scheduled.quick_classes import NamedTuple
from scheduled.system import files
from scheduled.system.files import Stamp
from scheduled.system.stamp_cache import Facts, StampCache
from scheduled.version import __version__

UNKNOWN: Stamp = (0, 0, 0)


class Finding(NamedTuple):
    """What was found in a branch, and for how long that stays true if no file changes."""

    value: Any
    """JSON."""
    until: float = math.inf
    """Epoch seconds."""
    unparsed: int = 0
    """Bytes of the shortest file that has still to be parsed as a whole; 0 if there is none."""


Look = tuple[Facts, int]
"""The row about a branch that was looked into, and how many bytes were parsed as a whole for it."""


class BranchCache(StampCache):
    """The facts about the files of a branch at a time, and what was found in all branches."""

    def __init__(self, path: Path, key: Any, now: float) -> None:
        # What `marshal` writes is for the same version of Python, and for nobody to forge.
        super().__init__(path, [__version__, sys.implementation.cache_tag, key], private=True)
        self._present = now
        self._length = 0
        self._known: dict[str, tuple[Stamp, Facts]] = {}
        self._looked: dict[str, tuple[Stamp, Facts]] = {}
        self._open_questions: set[str] = set()
        """What was asked for and could not be answered for good."""

    def still_true(self, branch: Branch, to_parse: int) -> bool:
        """Return whether what was found in a branch last time is still true.

        Not if one of its files can be parsed now that there was no time for.
        """
        row = self._before.get(branch.folder)
        if row is None or row[3] != branch.name or row[4] != branch.in_repository:
            return False
        size, mtime, inode, _, _, _, since, until, unparsed, places, stamps, _ = row
        if not since <= self._present < until or 0 < unparsed <= to_parse:
            return False
        folder = branch.folder
        try:
            status = os.stat(folder)
            if status.st_mtime_ns != mtime or status.st_ino != inode or status.st_size != size:
                return False
            numbers = iter(stamps)
            for place, size, mtime, inode in zip(places, numbers, numbers, numbers, strict=True):
                status = os.stat(f"{folder}/{place}")
                if status.st_mtime_ns != mtime or status.st_ino != inode or status.st_size != size:
                    return False
        except OSError:
            return False
        return True

    def enter(self, branch: Branch) -> None:
        """Begin to look into a branch: all that is asked for and remembered now is about it."""
        self._enter(branch.folder)
        row = self._before.get(branch.folder)
        if row is not None and row[6] <= self._present:  # else the clock was set back since
            numbers = iter((*row[:3], *row[10]))
            stamps = zip(numbers, numbers, numbers, strict=True)
            facts = marshal.loads(row[11])  # noqa: S302 - as above
            known: zip[tuple[Stamp, Facts]] = zip(stamps, facts, strict=True)
            self._known = dict(zip(("", *row[9]), known, strict=True))

    def leave(self, branch: Branch, finding: Finding) -> Facts:
        """Return the row about a branch, with what was found in it."""
        value, until, unparsed = finding
        stamp, names = self._looked.pop("", (UNKNOWN, []))
        if self._open_questions:  # an answer may change without a stamp that changes
            until = -math.inf
        stamps = tuple([number for seen, _ in self._looked.values() for number in seen])
        facts = marshal.dumps([names, *(facts for _, facts in self._looked.values())])
        about = (branch.name, branch.in_repository, value, self._present, until, unparsed)
        return [*stamp, *about, tuple(self._looked), stamps, facts]

    def keep_all(self, branches: Iterable[Branch], looks: Iterable[Look | None]) -> list[Any]:
        """Keep what was found in each branch, or what is still true; return all that."""
        found = []
        before, now = self._before, self._now
        for branch, look in zip(branches, looks, strict=True):
            folder = branch.folder
            if look is None:
                row = now[folder] = before[folder]
            else:
                row, _ = look
                now[folder] = self._learned[folder] = row
            found.append(row[5])
        return found

    def unparsed(self, branch: Branch, look: Look | None) -> int:
        """Return `unparsed` of what was found in a branch, or is still true."""
        row, _ = look or (self._before[branch.folder], 0)
        return int(row[8])

    def unchanged(self, path: str) -> Facts | None:
        """Return the facts about a path in the branch if it is unchanged.

        Raises nothing: whoever then reads it is told what is wrong, as without a cache.
        """
        place = path[self._length :]
        self._open_questions.add(place)
        known = self._known.get(place)
        if known is None or known[0] != files.stamp(path):
            return None
        self._answer(place, *known)
        return known[1]

    def seen(self, path: str) -> Stamp | None:
        """Return the stamp with which the facts about a path in the branch are known now."""
        looked = self._looked.get(path[self._length :])
        return None if looked is None else looked[0]

    def keep(self, path: str, seen: Stamp, facts: Facts) -> None:
        """Keep `facts` about a path in the branch."""
        self._answer(path[self._length :], seen, facts)

    def _pack(self, rows: dict[str, Facts]) -> bytes:
        return marshal.dumps(rows)

    def _unpack(self, data: bytes) -> dict[str, Facts] | None:
        rows = marshal.loads(data)  # noqa: S302 - nobody else may write to it
        return rows if isinstance(rows, dict) else None

    def _answer(self, place: str, seen: Stamp, facts: Facts) -> None:
        self._looked[place] = (seen, facts)
        self._open_questions.discard(place)

    def _enter(self, folder: str) -> None:
        self._length = len(folder) + 1
        self._known = {}
        self._looked = {}
        self._open_questions = set()
