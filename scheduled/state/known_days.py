"""The days on which schedules match, kept in the state directory so that ticks need no croniter.

They hold for the version of this program and for the croniter that computed them.
"""

from collections.abc import Iterator
from datetime import date
from importlib.machinery import PathFinder
from pathlib import Path

from scheduled.quick_classes import NamedTuple
from scheduled.system.files import Stamp, stamp
from scheduled.system.stamp_cache import StampCache
from scheduled.timing import wall_times
from scheduled.timing.wall_times import Days
from scheduled.version import __version__

PLACE = Path("cache", "days.json")


class KnownDays(NamedTuple):
    """What earlier ticks have computed; `timing` uses it already."""

    cache: StampCache
    source: Stamp | None
    """Of croniter; None if it cannot be told, so that nothing can be kept."""

    def save(self, today: date) -> None:
        """Keep the days of what was asked for in this process, for some months from `today`."""
        if self.source is None or not (computed := wall_times.forecast(today)):
            return
        for key in wall_times.asked():
            self.cache.recall(key, self.source)
        for key, days in computed.items():
            self.cache.keep(key, self.source, [*days])
        self.cache.save()


def load(state_dir: Path) -> KnownDays:
    """Have `timing` use the days that are kept in a state directory."""
    source = _croniter()
    known = KnownDays(StampCache(state_dir / PLACE, [__version__], private=True), source)
    rows = known.cache.rows().items()
    wall_times.remember(
        {key: days for key, (seen, facts) in rows if seen == source for days in _days(facts)}
    )
    return known


def _croniter() -> Stamp | None:
    """Return the stamp of the package, which is not imported; None if it is no file."""
    found = PathFinder.find_spec("croniter")
    return stamp(found.origin) if found is not None and found.origin else None


def _days(facts: list[object]) -> Iterator[Days]:
    match facts:
        case [int(first), str(matches)] if matches and not matches.strip("01"):
            yield Days(first, matches)
