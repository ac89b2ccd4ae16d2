"""The sections of the last 24 hours and 7 days: a lane for each job, outages through all."""

from collections.abc import Iterator
from functools import partial

from scheduled.quick_classes import NamedTuple
from scheduled.views.page import lane, looks, outages, timeline
from scheduled.views.page.facts import Facts
from scheduled.views.page.failed_stretches import Stretches, stretches
from scheduled.views.page.lane import Shapes, Stretch
from scheduled.views.page.outages import Outages
from scheduled.views.page.past import Time
from scheduled.views.page.pictured import EIGHT, Pictured, quarter_bounds
from scheduled.views.page.timeline import Change, Tick, Window


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
    pictured = facts.pictured
    return _lanes(pictured, "day", pictured.past.day, 1)


def of_week(facts: Facts) -> Lanes:
    """Return the lanes of the last 7 days. Raises StateError."""
    pictured = facts.pictured
    return _lanes(pictured, "week", pictured.past.week, EIGHT)


def _lanes(pictured: Pictured, name: str, time: Time, quarters: int) -> Lanes:
    window, zone = Window(time.since.timestamp(), pictured.now.timestamp()), pictured.zone
    is_day = quarters == 1
    ticks = timeline.hours(window, zone, 3) if is_day else timeline.days(window, zone)
    groups = [
        Group(
            group.title,
            tuple(_lane(pictured, time, window, quarters, job) for job in group.jobs),
        )
        for group in pictured.groups
    ]
    changes = tuple(timeline.changes(window, zone))
    order = [job for group in pictured.groups for job in group.jobs]
    bounds = partial(quarter_bounds, quarters)
    return Lanes(
        name,
        tuple(ticks),
        changes,
        outages.of(pictured.gaps, window, pictured.now, zone, changes),
        tuple(groups),
        stretches(((job, pictured.of(time, job)) for job in order), bounds),
    )


def _lane(pictured: Pictured, time: Time, window: Window, quarters: int, job: str) -> Lane:
    past = pictured.of(time, job)
    shapes = lane.shapes(past, window, partial(quarter_bounds, quarters), pictured.when)
    running = lane.running(_started(pictured, job), window, pictured.when)
    counts = past.counts
    failed = looks.total(counts, looks.TROUBLES)
    return Lane(
        job,
        pictured.state_of(job),
        failed > 0 or pictured.has_incident(job),
        shapes._replace(
            stretches=(*shapes.stretches, *_out_of_service(pictured, window, job)),
            signs=(*shapes.signs, *running),
        ),
        looks.words(counts),
        failed,
        looks.total(counts, looks.UNMET),
        sum(counts),
    )


def _out_of_service(pictured: Pictured, window: Window, job: str) -> Iterator[Stretch]:
    since = pictured.out_of_service_since(job)
    if since is not None:
        yield Stretch("held", window.x(since), 100.0)


def _started(pictured: Pictured, job: str) -> Iterator[float]:
    if job in pictured.snapshot.running:
        for run in pictured.snapshot.record(job).runs.values():
            yield run.started_at.timestamp()
