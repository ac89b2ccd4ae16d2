"""The schedule of a job, and its jitter."""

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from scheduled.jobs.model import Job
from scheduled.quick_classes import replace
from scheduled.timing import hashed
from scheduled.timing.expression import is_hashed, parse
from scheduled.timing.schedule import Schedule

if TYPE_CHECKING:
    from scheduled.timing.day_rule import DayRule

AT_ONCE = timedelta(0)


def schedule_of(job: Job) -> Schedule:
    """Return the schedule of a job. Raise ScheduleError if its text was never validated."""
    if job.starts or job.ends:
        schedule = _bounded(job.schedule, job.timezone, job.seed, job.starts, job.ends)
    else:
        # No seed unless it matters: thousands of jobs share the schedules in the parser's cache.
        schedule = parse(job.schedule, job.timezone, job.seed if is_hashed(job.schedule) else "")
    if not job.not_on and not job.only_on:
        return schedule
    from scheduled.timing import on_days

    return on_days.restricted(schedule, day_rule_of(job))


def may_finish(job: Job) -> bool:
    """Return whether there is a time after which the job does not run any more by itself."""
    return bool(job.ends) or job.max_runs is not None or schedule_of(job).kind == "once"


def day_rule_of(job: Job) -> "DayRule":
    """Return the rule for the days of a job that has one. Raise ScheduleError for unknown names."""
    from scheduled.timing import calendars

    return calendars.rule_of(job.not_on, job.only_on, job.move, job.timezone, job.calendars)


@lru_cache(maxsize=1024)
def _bounded(text: str, zone: str, seed: str, starts: str, ends: str) -> Schedule:
    from scheduled.timing import bounds

    schedule = parse(text, zone, seed if is_hashed(text) else "")
    return replace(schedule, bounds=bounds.of(starts, ends, zone))


def start_delay(job: Job) -> timedelta:
    """Return how long after its slots the job starts: less than its `jitter`, always the same.

    In whole seconds. It depends on machine and job, so that jobs that share a slot, here or on
    other machines, start at different times.
    """
    if not job.jitter:
        return AT_ONCE
    return timedelta(
        seconds=hashed.stable_choice(job.seed or job.id, "jitter", max(int(job.jitter), 1))
    )
