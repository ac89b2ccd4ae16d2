"""What the journal adds up to, a day at a time: days that are over are counted once.

The sums of a day are kept where they may be written, by whoever counts it first, and are believed
as `state/day_facts.py` says. Days are added up one by one whether their sums are kept or not, so
that the answer is the same to the last digit.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.state import day_facts
from scheduled.state.history import EventsOfDay
from scheduled.state.journal import Journal
from scheduled.timing.instants import format_utc
from scheduled.version import __version__
from scheduled.views import counting
from scheduled.views.counting import COUNTERS, KINDS, Counts, Tally

KIND = "counts"
VERSION = 1
"""To be raised when something else is counted, or it is kept in another way."""
_ALL = "all"
_JOB = "job "


class Day(NamedTuple):
    """What was counted in one file of the journal."""

    counts: Counts
    earliest: str | None
    """The earliest instant of all its events that count; None if none says when it was."""
    is_last: bool = False
    """Whether all further events are too old to be counted."""


def read(
    journal: Journal,
    interval: timedelta,
    since: datetime | None = None,
    job: str | None = None,
    wanted: Callable[[str], bool] | None = None,
    *,
    keep: bool = False,
) -> Counts:
    """Return what the journal has from `since` on, of one job, or of those that are `wanted`.

    A start within `interval` of its slot is on time. With `keep`, the sums of days that are over
    are kept. Raises StateError.
    """
    counts, is_whole = Counts(), job is None and wanted is None
    for name in reversed(journal.names()):
        day = _kept(journal, name, interval, since) if is_whole else None
        if day is None:
            seen = day_facts.keepable(journal, name) if is_whole and keep else None
            found = EventsOfDay(journal, name, KINDS, job, since)
            counted = counting.count(found, interval, wanted or (lambda _: True))
            day = Day(counted, found.earliest, found.is_last)
            if seen is not None and _is_complete(day, since):
                day_facts.save(journal, name, KIND, _key(interval), seen, _rows(day))
        counts.add_older(day.counts)
        if day.is_last:
            break
    return counts


def _is_complete(day: Day, since: datetime | None) -> bool:
    """Return whether no event of the day is too old."""
    return since is None or day.earliest is None or day.earliest >= (format_utc(since) or "")


def _key(interval: timedelta) -> list[Any]:
    return [VERSION, __version__, interval.total_seconds()]


def _kept(journal: Journal, name: str, interval: timedelta, since: datetime | None) -> Day | None:
    """Return the sums of a day that were kept, if all of it counts."""
    with day_facts.opened(journal, name, KIND, _key(interval)) as facts:
        if facts is None:
            return None
        try:
            day = _read(facts)
        except (TypeError, ValueError, KeyError, AttributeError):  # a row is damaged
            return None
    return day if _is_complete(day, since) else None


def _read(facts: day_facts.DayFacts) -> Day:
    whole = facts.of(_ALL)
    counts = Counts(tally_of(whole["total"]), **whole["counters"])
    for name in facts:
        if name != _ALL:
            counts.jobs[name.removeprefix(_JOB)] = tally_of(facts.of(name))
    return Day(counts, whole["earliest"])


def _rows(day: Day) -> Iterator[tuple[str, Any]]:
    """Yield the sums of a day as JSON: those of all, and those of each job."""
    counters = {name: getattr(day.counts, name) for name in COUNTERS}
    total = vars(day.counts.total)
    yield _ALL, {"earliest": day.earliest, "counters": counters, "total": total}
    for job, tally in day.counts.jobs.items():
        yield f"{_JOB}{job}", vars(tally)


def tally_of(row: dict[str, Any]) -> Tally:
    """Return the tally whose fields were kept as JSON."""
    counters = {name: Counter(value) for name, value in row.items() if isinstance(value, dict)}
    return Tally(**{**row, **counters})
