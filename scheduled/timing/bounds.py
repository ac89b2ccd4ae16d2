"""The time within which a job has slots: `starts` and `ends` (pure).

What lies outside does not exist: it neither runs, nor is it missed, nor is it counted. A date means
the whole day on the clock of the job's zone.
"""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from scheduled.quick_classes import NamedTuple
from scheduled.timing.fingerprint import WITHIN
from scheduled.timing.timezones import INSTANT, earliest_instant

_DAY = timedelta(days=1)


class Bounds(NamedTuple):
    """The first and the last instant at which a slot may lie, in UTC; None: there is no such."""

    first: datetime | None
    last: datetime | None
    text: str = ""
    """As the configuration has them, `FIRST/LAST`."""

    def include(self, slot: datetime) -> bool:
        """Return whether a slot lies within."""
        is_early = self.first is not None and slot < self.first
        return not is_early and (self.last is None or slot <= self.last)


@lru_cache(maxsize=1024)
def of(starts: str, ends: str, zone: str) -> Bounds:
    """Return the bounds that two texts mean, each a date or a time, or empty.

    Raise ValueError for what is neither, and if there is nothing between them.
    """
    first = _instant(starts, zone, is_end=False) if starts else None
    last = _instant(ends, zone, is_end=True) if ends else None
    if first is not None and last is not None and first > last:
        raise ValueError(f"ends before it starts, {starts}")
    return Bounds(first, last, f"{starts}/{ends}")


def _instant(text: str, zone: str, *, is_end: bool) -> datetime:
    moment = datetime.fromisoformat(text.replace(" ", "T", 1))
    if not 1000 <= moment.year < 9000:
        raise ValueError("a year that no schedule reaches")
    if len(text) == 10:  # a date
        day = datetime.combine(moment.date(), time())
        if not is_end:
            return earliest_instant(day, zone)
        return earliest_instant(day + _DAY, zone) - INSTANT
    return moment.astimezone(UTC) if moment.tzinfo else earliest_instant(moment, zone)


def in_fingerprint(text: str, zone: str) -> Bounds | None:
    """Return the bounds that are part of a fingerprint; None if it has none."""
    _, mark, rest = text.partition(WITHIN)
    if not mark:
        return None
    try:
        return of(*rest.split(" ", 1)[0].split("/", 1), zone)
    except (ValueError, TypeError):
        return None
