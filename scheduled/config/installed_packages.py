"""What the packages of this interpreter offer, looked for again only where something was installed.

For people without such packages this costs a stat of each directory with packages, and a small
cache file.
"""

import os
import site
from collections.abc import Iterator, Sequence
from pathlib import Path

from scheduled import version
from scheduled.config import cache
from scheduled.config.parsed import EntryPoint
from scheduled.system.files import Stamp, stamp
from scheduled.system.stamp_cache import Facts, StampCache
from scheduled.system.trusted import Trust

NAME = "packages.json"
FORMAT = 1
"""Of the cache file. It outlives a new version of the program: it remembers what was offered."""


def directories() -> list[str]:
    """Return where the packages of this interpreter are, existing or not, the first to count first.

    What PYTHONPATH and the current directory add is left out, for cron's tick has neither.
    """
    folders = [os.path.abspath(folder) for folder in site.getsitepackages()]
    own = os.path.dirname(os.path.dirname(os.path.abspath(version.__file__)))
    if own not in folders and os.path.isdir(
        f"{own}/scheduled_cron-{version.__version__}.dist-info"
    ):
        folders.insert(0, own)
    return [*dict.fromkeys(folders)]


def trust(others: Trust) -> Trust:
    """Return the trust in `others` and in who installed this program and what is beside it."""
    return Trust((*others.owners, os.stat(version.__file__).st_uid))


class Known:
    """What is known of the packages from before, and what is learned now."""

    def __init__(self, directory: Path, unsaved: list[StampCache]) -> None:
        self._cache = StampCache(directory / NAME, FORMAT, private=True)
        unsaved.append(self._cache)
        self.former: Facts = self._cache.recall(cache.WHOLE, cache.NO_STAMP) or []
        """The handlers that packages offer or once offered."""
        self.stamps: dict[str, Stamp | None] = {}
        """Those of the directories, existing or not, and of the files that count."""
        self.entry_points = [*self._entry_points()]
        """Those of all packages; of one that is installed twice those of the first."""

    def remember(self, former: Facts) -> None:
        """Keep what packages offer or once offered."""
        if former != self.former:
            self._cache.keep(cache.WHOLE, cache.NO_STAMP, former)

    def _entry_points(self) -> Iterator[EntryPoint]:
        """Yield the entry points, the first directories first."""
        packages: dict[str, str] = {}
        for folder in directories():
            seen = self.stamps[folder] = stamp(folder)
            if seen is None:
                continue
            points = self._recalled(folder, seen)
            if points is None:
                points = self._scanned(folder, seen)
            for point in points:
                package = point.package.lower().replace("_", "-").replace(".", "-")
                if packages.setdefault(package, point.listed) == point.listed:
                    yield point

    def _recalled(self, folder: str, seen: Stamp) -> Sequence[EntryPoint] | None:
        """Return what is known of a directory, if nothing has changed there."""
        try:
            facts = self._cache.recall(folder, seen)
            if facts is None:
                return None
            if not facts:  # as of nearly every directory
                return ()
            rows, watched = facts
            now = {path: stamp(path) for path in watched}
            if any(now[path] != tuple(before) for path, before in watched.items()):
                return None
            self.stamps |= now
            return [EntryPoint(*row) for row in rows]
        except (TypeError, ValueError, AttributeError):
            return None

    def _scanned(self, folder: str, seen: Stamp) -> Sequence[EntryPoint]:
        from scheduled.config import entry_points

        scan = entry_points.scan(folder)
        self.stamps |= scan.watched
        if scan.is_settled:
            watched = {path: list(before) for path, before in scan.watched.items()}
            rows = [list(point) for point in scan.entry_points]
            self._cache.keep(folder, seen, [rows, watched] if rows else [])
        return scan.entry_points
