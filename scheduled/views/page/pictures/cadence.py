"""In which order jobs stand in all pictures: by how often they run, those in trouble first."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from enum import IntEnum

from scheduled.errors import ScheduleError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.quick_classes import NamedTuple
from scheduled.timing import slots

WEEK = timedelta(days=7)
MINUTES, HOURS, DAYS = 400, 21, 5
"""So many times in seven days at least."""


class Cadence(IntEnum):
    """How often a job runs."""

    MINUTES = 0
    HOURS = 1
    DAYS = 2
    RARELY = 3
    GONE = 4


TITLES = {
    Cadence.MINUTES: "Every few minutes",
    Cadence.HOURS: "Hourly",
    Cadence.DAYS: "Daily",
    Cadence.RARELY: "Weekly, monthly, once",
    Cadence.GONE: "No longer configured",
}


class Group(NamedTuple):
    """Jobs that run about as often."""

    title: str
    jobs: tuple[str, ...]


def of(job: Job, now: datetime) -> Cadence:
    """Return how often a job runs, by the slots of the last seven days."""
    try:
        count = slots.count(schedule_of(job), now - WEEK, now, now - WEEK, MINUTES)
    except ScheduleError:
        return Cadence.RARELY
    for least, cadence in (
        (MINUTES, Cadence.MINUTES),
        (HOURS, Cadence.HOURS),
        (DAYS, Cadence.DAYS),
    ):
        if count >= least:
            return cadence
    return Cadence.RARELY


def groups(
    jobs: Iterable[Job], recorded: Collection[str], rank: Callable[[str], int], now: datetime
) -> list[Group]:
    """Return the jobs in groups, each by its rank and else as configured.

    Of those that are only `recorded`, nothing else is known.
    """
    found: dict[Cadence, list[str]] = {cadence: [] for cadence in Cadence}
    configured = set()
    for job in jobs:
        configured.add(job.id)
        found[of(job, now)].append(job.id)
    found[Cadence.GONE] = sorted({*recorded} - configured)
    return [
        Group(TITLES[cadence], tuple(sorted(names, key=rank)))
        for cadence, names in found.items()
        if names
    ]
