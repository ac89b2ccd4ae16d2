"""Which jobs will not run any more by themselves, since when, and why (pure).

A job is finished when its only run is over, when its `ends` has passed, or when it has had its
`max_runs`; not while a run is in progress, waits for a retry, or was deferred.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import run_limit
from scheduled.planning.standing import is_registered
from scheduled.quick_classes import NamedTuple
from scheduled.state.records import JobMemory
from scheduled.timing import slots
from scheduled.timing.slots import is_anchored


class Finish(StrEnum):
    """Why a job is finished."""

    ONCE = "once"  # it runs once, and its time is over
    ENDS = "ends"  # it has no time before its `ends` any more
    MAX_RUNS = "max_runs"  # it has had as many runs as it may


class Finished(NamedTuple):
    """Since when a job is finished, and why."""

    since: datetime
    why: Finish


def finished(
    job: Job, memory: JobMemory, last_end: datetime | None, now: datetime
) -> Finished | None:
    """Return since when a job is finished; `last_end` is when its last run ended."""
    if not is_registered(job, memory) or memory.runs or memory.retry or memory.deferral:
        return None
    why = _why(job, memory, now)
    if why is None:
        return None
    known = [memory.watermark, last_end, memory.anchor]
    if why is Finish.ENDS:
        known.append(schedule_of(job).bounds.last)
    return Finished(max(each for each in known if each is not None and each <= now), why)


def is_over(job: Job, memory: JobMemory) -> bool:
    """Return whether a job that runs once has had its slot and is not deferred."""
    if memory.watermark is None or memory.retry is not None or memory.deferral is not None:
        return False
    schedule = schedule_of(job)
    if schedule.kind != "once" or not is_registered(job, memory):
        return False
    slot = slots.latest(schedule, memory.watermark, memory.watermark)
    first_seen = memory.anchor
    return slot is not None and (first_seen is None or slot > first_seen)


def is_hidden(job: Job, done: Finished | None, now: datetime) -> bool:
    """Return whether a job has been finished for as long as `keep` says that it is listed."""
    if done is None or job.keep is None:
        return False
    return now - done.since >= timedelta(seconds=job.keep)


def _why(job: Job, memory: JobMemory, now: datetime) -> Finish | None:
    if job.max_runs is not None and run_limit.is_used_up(memory._replace(max_runs=job.max_runs)):
        return Finish.MAX_RUNS
    if is_over(job, memory):
        return Finish.ONCE
    return Finish.ENDS if job.ends and _has_no_slot(job, memory, now) else None


def _has_no_slot(job: Job, memory: JobMemory, now: datetime) -> bool:
    """Return whether no slot is due, and none will come."""
    schedule = schedule_of(job)
    begin = memory.watermark or memory.anchor
    anchor = memory.anchor if is_anchored(schedule) else None
    if begin is None or (schedule.kind == "reboot" and now <= schedule.bounds.last):
        return False
    return slots.following(schedule, min(begin, now), anchor or now) is None
