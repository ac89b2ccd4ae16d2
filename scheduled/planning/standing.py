"""How a configured job stands to what the state remembers of it, and from when it counts (pure)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.active_runs import newest_claimed, put_off_slot
from scheduled.quick_classes import NamedTuple, replace
from scheduled.state.present import CORRECTION
from scheduled.state.records import JobMemory
from scheduled.timing.fingerprint import Difference, difference


class Standing(StrEnum):
    """How a configured job stands to what is remembered."""

    REGISTERED = "registered"
    NEW = "new"
    EDITED = "edited"  # its schedule is another one
    MOVED = "moved"  # nobody configured its zone, and the machine's is another one
    BACK = "back"  # it was missing from the configuration


WHY = {
    Standing.NEW: "seen for the first time",
    Standing.EDITED: "its schedule has changed",
    Standing.MOVED: "the time zone of the machine has changed",
    Standing.BACK: "back in the configuration",
}
"""Why a job is to be registered."""


class Start(NamedTuple):
    """From when a job counts that is new, changed or back."""

    previous: datetime | None = None
    """When a tick last saw the configuration; None if none ever did."""
    changed: Callable[[Job], Sequence[datetime]] = lambda _: ()
    """Returns when the files that define a job were changed, its own first; empty if unknown."""

    def of(self, job: Job, now: datetime) -> datetime:
        """Return from when `job` counts: since its file changed, but not before the last tick.

        A job that runs once counts from the last tick: its slot must not be lost between two.
        """
        if self.previous is None or self.previous > now:
            return now
        if schedule_of(job).kind == "once":
            return self.previous
        changes = self.changed(job)
        if not changes:
            return now
        # A change in the future was made before the clock was set back: after the last tick.
        since = (changed for changed in changes if self.previous < changed <= now)
        return next(since, self.previous)

    def of_days(self, job: Job, now: datetime) -> datetime:
        """Return when the days on which `job` runs were changed: with the file changed last."""
        if self.previous is None or self.previous > now:
            return now
        changes = (changed for changed in self.changed(job) if self.previous < changed <= now)
        return max(changes, default=self.previous)


def days_of(job: Job, now: datetime) -> str:
    """Return the days on which a job runs around now, as the state keeps them; '' for any day.

    It looks at each day of some years; `has_days` finds out cheaply whether they are on record.
    """
    if not (job.not_on or job.only_on):
        return ""
    from scheduled.timing import day_rule
    from scheduled.timing.timezones import wall_time

    return day_rule.written(schedule_of(job).days, wall_time(now, job.timezone).year)


def has_days(job: Job, memory: JobMemory, now: datetime) -> bool:
    """Return whether the days on record are those on which a job runs."""
    if not (job.not_on or job.only_on):
        return not memory.days
    from scheduled.timing import day_rule
    from scheduled.timing.timezones import wall_time

    year = wall_time(now, job.timezone).year
    return day_rule.is_current(memory.days, schedule_of(job).days, year)


def standing(job: Job, memory: JobMemory) -> Standing:
    """Return how `job` stands to what is remembered of it."""
    if not memory.fingerprint:
        return Standing.NEW
    match difference(memory.fingerprint, schedule_of(job)):
        case Difference.NONE:
            return Standing.REGISTERED if memory.away is None else Standing.BACK
        case Difference.ZONE if job.zone_is_local and memory.schedule and memory.away is None:
            return Standing.MOVED
        case _:
            return Standing.EDITED


def as_decided(job: Job, memory: JobMemory) -> Job:
    """Return the job with the zone that it is decided about in: the old one while it moves."""
    if memory.schedule is not None and standing(job, memory) is Standing.MOVED:
        return replace(job, timezone=memory.schedule[1], zone_is_local=False)
    return job


def is_registered(job: Job, memory: JobMemory) -> bool:
    """Return whether a job is on record with the schedule it has now."""
    return standing(job, memory) in (Standing.REGISTERED, Standing.BACK)


def counting_start(memory: JobMemory, start: datetime, now: datetime) -> datetime:
    """Return after which instant a job that counts from `start` has slots.

    Never before a slot that it has claimed, or that was put off; such a slot lies in the future for
    a while if the clock was set back.
    """
    claimed = (memory.watermark, newest_claimed(memory, now), put_off_slot(memory))
    return max([start, *(slot for slot in claimed if slot and slot <= now + CORRECTION)])
