"""What is kept of a day that is over, so that its journal is not read again for the page.

It is believed as `state/day_facts.py` says. A day counts only where it belongs to one time as a
whole: where one begins within it, its journal is read.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.state import day_facts
from scheduled.state.day_facts import DayStamp
from scheduled.state.journal import Journal
from scheduled.version import __version__
from scheduled.views import day_counts
from scheduled.views.counting import COUNTERS, Counts
from scheduled.views.page.past.job_past import Day, JobPast, Mark
from scheduled.views.page.past.looks import Look

KIND = "page"
VERSION = 1
"""To be raised when something else is found out, or it is kept in another way."""
_ALL, _JOB = "all", "job "


class KeptDay(NamedTuple):
    """What one file of the journal says, and of which time."""

    counts: Counts
    jobs: dict[str, JobPast]
    earliest: str
    latest: str


def part_of(earliest: str, latest: str, bounds: Sequence[str]) -> int | None:
    """Return to which of the times a day belongs as a whole; None if to none.

    `bounds` are the beginnings of the times, newest first.
    """
    parts = {len([bound for bound in bounds if at < bound]) for at in (earliest, latest)}
    number = parts.pop()
    return number if not parts and number < len(bounds) else None


def load(
    journal: Journal, name: str, interval: timedelta, bounds: Sequence[str]
) -> tuple[int, KeptDay] | None:
    """Return what was kept of a day, and to which time it belongs; None if nothing holds."""
    with day_facts.opened(journal, name, KIND, _key(interval)) as facts:
        if facts is None:
            return None
        try:
            whole = facts.of(_ALL)
            number = part_of(whole["earliest"], whole["latest"], bounds)
            if number is None:
                return None
            counts = Counts(day_counts.tally_of(whole["total"]), **whole["counters"])
            jobs = {}
            for row in facts:
                if row != _ALL:
                    kept, job = facts.of(row), row.removeprefix(_JOB)
                    counts.jobs[job] = day_counts.tally_of(kept["tally"])
                    jobs[job] = _past(kept["past"])
        except (TypeError, ValueError, KeyError, AttributeError):  # a row is damaged
            return None
        return number, KeptDay(counts, jobs, whole["earliest"], whole["latest"])


def save(journal: Journal, name: str, interval: timedelta, seen: DayStamp, day: KeptDay) -> None:
    """Keep what a day says that had the stamp `seen` before it was read."""
    day_facts.save(journal, name, KIND, _key(interval), seen, _rows(day))


def _key(interval: timedelta) -> list[Any]:
    return [VERSION, day_counts.VERSION, __version__, interval.total_seconds()]


def _rows(day: KeptDay) -> Iterator[tuple[str, Any]]:
    counters = {name: getattr(day.counts, name) for name in COUNTERS}
    total = vars(day.counts.total)
    yield (
        _ALL,
        {"earliest": day.earliest, "latest": day.latest, "counters": counters, "total": total},
    )
    for job, tally in day.counts.jobs.items():
        past = day.jobs.get(job, JobPast())
        yield f"{_JOB}{job}", {"tally": vars(tally), "past": vars(past)}


def _past(kept: dict[str, Any]) -> JobPast:
    return JobPast(
        bins={int(quarter): counts for quarter, counts in kept["bins"].items()},
        marks=_marks(kept["marks"]),
        points=_marks(kept["points"]),
        days=[Day(*day) for day in kept["days"]],
        failures=_marks(kept["failures"]) or [],
        lengths=Counter({int(length): count for length, count in kept["lengths"].items()}),
    )


def _marks(kept: list[Any] | None) -> list[Mark] | None:
    return None if kept is None else [Mark(Look(look), *rest) for look, *rest in kept]
