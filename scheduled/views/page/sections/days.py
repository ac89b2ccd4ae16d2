"""The section of 30 days: what became of every slot, and a strip of days for each job."""

from functools import partial

from scheduled.jobs.model import Outcome
from scheduled.quick_classes import NamedTuple
from scheduled.views.counting import Tally
from scheduled.views.page import moments
from scheduled.views.page.facts import Facts
from scheduled.views.page.past import looks
from scheduled.views.page.past.looks import Look
from scheduled.views.page.past.times import Past, Time
from scheduled.views.page.pictures import cells, timeline
from scheduled.views.page.pictures.cells import Strip
from scheduled.views.page.pictures.timeline import Change, Tick
from scheduled.views.page.sections import out_of_service


class Sum(NamedTuple):
    """A row of the sums: the same outcome in each time, shortest first."""

    words: str
    is_part: bool
    """Whether it is a part of the row above it."""
    numbers: tuple[int, ...]


class Row(NamedTuple):
    """The days of a job."""

    job: str
    state: str
    is_trouble: bool
    strip: Strip
    words: str
    rate: float | None
    """The share of its runs that succeeded; None if there was none."""


class Group(NamedTuple):
    """The days of jobs that run about as often."""

    title: str
    rows: tuple[Row, ...]


class Days(NamedTuple):
    """All of it."""

    sums: tuple[Sum, ...]
    is_capped: bool
    """Whether more may have been missed than was counted."""
    since: tuple[float, ...]
    """When the times begin."""
    ticks: tuple[Tick, ...]
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]


def model(facts: Facts) -> Days:
    """Return the sums and the strips. Raises StateError."""
    window, zone, times = facts.month, facts.zone, facts.past
    groups = [
        Group(group.title, tuple(_row(facts, job) for job in group.jobs)) for group in facts.groups
    ]
    return Days(
        tuple(_sums(times)),
        times.month.counts.total.missed_capped,
        tuple(time.since.timestamp() for time in times),
        tuple(timeline.weeks(window, zone)),
        tuple(timeline.changes(window, zone)),
        tuple(groups),
    )


def _row(facts: Facts, job: str) -> Row:
    month = facts.past.month
    past, tally = month.of(job), month.counts.jobs.get(job)
    of_day = cells.bounds(facts.day_starts, facts.month)
    name_of = partial(_name_of, facts, of_day)
    return Row(
        job,
        out_of_service.state_of(facts, job),
        facts.has_incident(job),
        cells.strip(past.bins, facts.month, of_day, name_of),
        looks.words(past.counts),
        _rate(tally) if tally is not None and tally.runs else None,
    )


def _rate(tally: Tally) -> float:
    return tally.outcomes[Outcome.SUCCEEDED] / tally.runs


def _name_of(facts: Facts, of_day: cells.Bounds, number: int) -> str:
    return moments.day(timeline.local(of_day(number)[0], facts.zone), facts.zone)


def _sums(times: Past) -> list[Sum]:
    """Return the sums, which are those of `stats`, and what is known of their parts."""
    sums = []
    for outcome, parts in _ROWS:
        numbers = tuple(time.counts.total.outcomes[outcome] for time in times)
        sums.append(Sum(outcome.value.replace("_", " "), is_part=False, numbers=numbers))
        for look in parts:
            of_look = tuple(_of_look(time, look) for time in times)
            if any(of_look):
                sums.append(Sum(looks.WORDS[look], is_part=True, numbers=of_look))
    total = tuple(sum(time.counts.total.outcomes.values()) for time in times)
    return [*sums, Sum("all", is_part=False, numbers=total)]


def _of_look(time: Time, look: Look) -> int:
    return sum(looks.total(job.counts, (look,)) for job in time.jobs.values())


_ROWS = (
    (Outcome.SUCCEEDED, (Look.OK, Look.LATE)),
    (Outcome.FAILED, ()),
    (Outcome.TIMED_OUT, ()),
    (Outcome.INTERRUPTED, ()),
    (Outcome.MISSED, (Look.HELD,)),
    (Outcome.SKIPPED, ()),
)
