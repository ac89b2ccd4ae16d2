"""What was found in each project, kept while nothing changes of what it depends on."""

import marshal
import math
import sys
from pathlib import Path
from typing import Any

from scheduled.ecosystem.project import Look, stamps_of
from scheduled.system.stamp_cache import Facts, StampCache
from scheduled.version import __version__

_NO_STAMP = (0, 0, 0)


class ProjectCache(StampCache):
    """The facts about projects, by their folders."""

    def __init__(self, path: Path, key: Any, now: float, keep_for: float) -> None:
        """Read what is known; after `keep_for` seconds it has to be found anew."""
        super().__init__(path, [__version__, sys.implementation.cache_tag, key], private=True)
        self._present = now
        self._until = now + keep_for
        self._safe_before = self._young_since
        """Changes from then on may not be told from later ones by the time that they bear."""

    def known(self, folder: str) -> Look | None:
        """Return what was found last time if it must still be true, which starts no process."""
        row = self._before.get(folder)
        if row is None:
            return None
        _, _, _, since, until, facts, problems, watched, stamps = row
        if not since <= self._present < until or stamps_of(watched) != stamps:
            return None
        self._now[folder] = row
        return Look(facts, problems, watched, stamps, is_final=True)

    def learn(self, folder: str, look: Look) -> None:
        """Keep what was found, unless a later change could go unnoticed."""
        newest = max(look.stamps[::3], default=math.inf)
        if not look.is_final or newest >= self._safe_before:
            return
        row: Facts = [*_NO_STAMP, self._present, self._until, *look[:4]]
        self._now[folder] = self._learned[folder] = row

    def _pack(self, rows: dict[str, Facts]) -> bytes:
        return marshal.dumps(rows)

    def _unpack(self, data: bytes) -> dict[str, Facts] | None:
        rows = marshal.loads(data)  # noqa: S302 - nobody else may write to it
        return rows if isinstance(rows, dict) else None
