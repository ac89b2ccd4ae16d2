"""The sections of the last 24 hours and 7 days: a lane for each job, outages through all."""

from collections.abc import Iterator
from functools import partial

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.facts import QUARTERS_OF_WEEK, Facts
from scheduled.views.page.past import job_past, looks
from scheduled.views.page.past.times import Time
from scheduled.views.page.pictures import lane, outages, timeline
from scheduled.views.page.pictures.lane import Shapes, Stretch
from scheduled.views.page.pictures.outages import Outages
from scheduled.views.page.pictures.timeline import Change, Tick, Window
from scheduled.views.page.sections import out_of_service
from scheduled.views.page.sections.failed_stretches import Stretches, stretches


class Lane(NamedTuple):
    """What a job did in a time."""

    job: str
    state: str
    """Why it does not run by its schedule, in a word; empty if it does."""
    is_trouble: bool
    """Whether it has failed in this time, or an incident of it is open."""
    shapes: Shapes
    words: str
    """What the picture shows, for who does not see it."""
    failed: int
    missed: int
    total: int


class Group(NamedTuple):
    """The lanes of jobs that run about as often."""

    title: str
    lanes: tuple[Lane, ...]


class Lanes(NamedTuple):
    """A picture of a time."""

    name: str
    """Tells its shared shapes from those of other pictures."""
    ticks: tuple[Tick, ...]
    changes: tuple[Change, ...]
    outages: Outages
    groups: tuple[Group, ...]
    stretches: Stretches
    """What failed, as a table."""


def of_day(facts: Facts) -> Lanes:
    """Return the lanes of the last 24 hours. Raises StateError."""
    return _lanes(facts, "day", facts.past.day, 1)


def of_week(facts: Facts) -> Lanes:
    """Return the lanes of the last 7 days. Raises StateError."""
    return _lanes(facts, "week", facts.past.week, QUARTERS_OF_WEEK)


def _lanes(facts: Facts, name: str, time: Time, quarters: int) -> Lanes:
    window, zone = Window(time.since.timestamp(), facts.now.timestamp()), facts.zone
    is_day = quarters == 1
    ticks = timeline.hours(window, zone, 3) if is_day else timeline.days(window, zone)
    groups = [
        Group(
            group.title,
            tuple(_lane(facts, time, window, quarters, job) for job in group.jobs),
        )
        for group in facts.groups
    ]
    changes = tuple(timeline.changes(window, zone))
    order = [job for group in facts.groups for job in group.jobs]
    bounds = partial(job_past.bounds, quarters)
    return Lanes(
        name,
        tuple(ticks),
        changes,
        outages.of(facts.gaps, window, facts.now, zone, changes),
        tuple(groups),
        stretches(((job, time.of(job)) for job in order), bounds),
    )


def _lane(facts: Facts, time: Time, window: Window, quarters: int, job: str) -> Lane:
    past = time.of(job)
    shapes = lane.shapes(past, window, partial(job_past.bounds, quarters), facts.when)
    running = lane.running(_started(facts, job), window, facts.when)
    counts = past.counts
    failed = looks.total(counts, looks.TROUBLES)
    return Lane(
        job,
        out_of_service.state_of(facts, job),
        failed > 0 or facts.has_incident(job),
        shapes._replace(
            stretches=(*shapes.stretches, *_out_of_service(facts, window, job)),
            signs=(*shapes.signs, *running),
        ),
        looks.words(counts),
        failed,
        looks.total(counts, looks.UNMET),
        sum(counts),
    )


def _out_of_service(facts: Facts, window: Window, job: str) -> Iterator[Stretch]:
    since = out_of_service.since(facts, job)
    if since is not None:
        yield Stretch("held", window.x(since), 100.0)


def _started(facts: Facts, job: str) -> Iterator[float]:
    if job in facts.snapshot.running:
        for run in facts.snapshot.record(job).runs.values():
            yield run.started_at.timestamp()
