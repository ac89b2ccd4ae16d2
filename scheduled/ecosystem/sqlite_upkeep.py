"""The upkeep of several databases of SQLite: each is tended, or there is a reason why not.

Those that are in use are put off. What was done for a slot is noted in the cache, so that the next
attempt does only the rest.
"""

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from scheduled.ecosystem import sqlite_file
from scheduled.ecosystem.sqlite_file import BESIDE, PATIENCE, BusyError, DatabaseError, Tended
from scheduled.errors import UsageError
from scheduled.handler import Context, NotNow
from scheduled.quick_classes import NamedTuple
from scheduled.system import private
from scheduled.system.file_patterns import Search
from scheduled.system.text import one_line

Entry = dict[str, Any]
COMPACTED, NOT_WORTH_IT, IN_USE, FAILED = "compacted", "not worth it", "in use", "failed"
MOST_LISTED, MOST_NAMED = 100, 10
MOST_WAITED = 60.0
"""Seconds to wait for those that are in use, all together: the others have their turn in time."""


class Done(NamedTuple):
    """What became of all databases."""

    entries: list[Entry]
    problems: list[str]
    """A sentence about each that failed, and about each pattern that finds none."""

    def listed(self) -> list[Entry]:
        """Return the entries, of many the first, with those that failed before the others."""
        return sorted(self.entries, key=lambda entry: entry["status"] != FAILED)[:MOST_LISTED]

    def reason(self) -> str:
        """Return what is wrong, of many things the first."""
        more = len(self.problems) - MOST_NAMED
        rest = [f"and {more} more"] if more > 0 else []
        return "; ".join([*self.problems[:MOST_NAMED], *rest])

    def sum_of(self, key: str) -> int:
        """Return what a figure of all of them adds up to."""
        return sum(entry.get(key, 0) for entry in self.entries)


class Note:
    """What was done for a slot before the rest was put off."""

    def __init__(self, path: Path, key: list[Any]) -> None:
        self._path, self._key = path, json.loads(json.dumps(key))
        self.entries: dict[str, Entry] = {}
        with suppress(OSError, ValueError, TypeError, KeyError):
            document = json.loads(private.read(path))
            if document["key"] == self._key:
                self.entries = dict(document["entries"])

    def add(self, path: str, entry: Entry) -> None:
        """Note what was done; one that cannot be written is done without."""
        self.entries[path] = entry
        document = {"key": self._key, "entries": self.entries}
        with suppress(OSError):
            private.make_folder(self._path.parent)
            private.replace(self._path, json.dumps(document).encode("ascii"), "nothing")

    def forget(self) -> None:
        """Forget it: nothing is put off any more."""
        with suppress(OSError):
            private.remove(self._path)


def upkeep(
    context: Context,
    param: str,
    within: Callable[[str], str] = str,
    *,
    least_free: float,
    analyze: bool,
) -> Done:
    """Tend the databases that a param of a job names.

    `within` returns the database in a directory that is named instead. Raises NotNow while some
    are in use, once the others are done.
    """
    slot = context.slot.isoformat() if context.slot else context.run_id
    note = Note(context.cache_dir / "done.json", [slot, context.attempt, dict(context.params)])
    paths, problems = find(context.params[param], context.root, within)
    done = Done([], [f"params.{param}: {problem}" for problem in problems])
    left = MOST_WAITED
    for path in paths:
        entry = note.entries.get(path)
        if entry is None:
            began, patience = time.monotonic(), min(PATIENCE, left)
            entry = _tended(path, least_free=least_free, analyze=analyze, patience=patience)
            if entry["status"] != IN_USE:
                note.add(path, entry)
            else:
                left = max(left - (time.monotonic() - began), 0)
        done.entries.append(entry)
        if entry["status"] == FAILED:
            done.problems.append(entry["reason"])
    if busy := [entry["path"] for entry in done.entries if entry["status"] == IN_USE]:
        also = f"; besides: {done.reason()}" if done.problems else ""
        raise NotNow(f"in use: {', '.join(busy[:MOST_NAMED])}{also}")
    note.forget()
    return done


def find(
    patterns: Iterable[str], base: Path, within: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """Return the databases that patterns name, and a sentence about each that names none."""
    found: dict[str, None] = {}
    problems = []
    for pattern in patterns:
        try:
            search = Search(pattern, base)
            paths = [within(path) for path in search.paths() if not _is_beside(path)]
        except UsageError as error:
            problems.append(one_line(error))
            continue
        problems += [one_line(problem) for problem in search.problems]
        if not paths:
            problems.append(f"{one_line(pattern)}: matches no file")
        found |= dict.fromkeys(paths)
    return [*found], problems


def _is_beside(path: str) -> bool:
    """Return whether a file belongs to the database beside it."""
    return any(path.endswith(end) and os.path.lexists(path.removesuffix(end)) for end in BESIDE)


def _tended(path: str, *, least_free: float, analyze: bool, patience: float) -> Entry:
    try:
        tended = sqlite_file.tend(path, least_free=least_free, analyze=analyze, patience=patience)
    except BusyError as error:
        return {"path": one_line(path), "status": IN_USE, "reason": one_line(error)}
    except DatabaseError as error:
        return {"path": one_line(path), "status": FAILED, "reason": one_line(error)}
    return _entry(path, tended)


def _entry(path: str, tended: Tended) -> Entry:
    entry = {
        "path": one_line(path),
        "status": COMPACTED if tended.is_compacted else NOT_WORTH_IT,
        "free_percent": round(tended.before.free_percent, 1),
        "bytes_before": tended.before.bytes,
        "bytes_after": tended.after.bytes,
        "bytes_freed": tended.freed,
        "tables_analyzed": tended.analyzed,
    }
    if tended.is_compacted and tended.has_readers:
        entry["note"] = "it has readers; the space is given back once they are done"
    return entry
