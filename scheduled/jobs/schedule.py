"""The schedule of a job, with its hashed values filled in."""

from datetime import timedelta

from scheduled.jobs.model import Job
from scheduled.timing import hashed
from scheduled.timing.expression import Schedule, is_hashed, parse


def schedule_of(job: Job) -> Schedule:
    """The schedule of a job. Raises ScheduleError for one that never passed the checks."""
    # Without need no seed: thousands of jobs share the few schedules that are remembered.
    return parse(job.schedule, job.timezone, job.seed if is_hashed(job.schedule) else "")


def start_delay(job: Job) -> timedelta:
    """How long after each of its slots the job starts: below its `jitter`, and always the same.

    In whole seconds. Drawn from machine and job, so that what starts together here, and on other
    machines, is spread.
    """
    if not job.jitter:
        return timedelta(0)
    return timedelta(
        seconds=hashed.stable_choice(job.seed or job.id, "jitter", max(int(job.jitter), 1))
    )
