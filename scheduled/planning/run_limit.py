"""How many runs a job with `max_runs` may still have (pure).

What counts is a slot that is done with and had a run, however many attempts that took and however
it ended; not what was skipped or missed, nor a run by hand. Once they are used up, later slots do
not exist: they neither run, nor are they missed, nor are they counted.
"""

from datetime import datetime

from scheduled.jobs.model import Job
from scheduled.planning import active_runs
from scheduled.quick_classes import replace
from scheduled.state import events, run_limit_events
from scheduled.state.journal import Event
from scheduled.state.records import JobMemory
from scheduled.timing.schedule import Schedule

WHY = "its max_runs has changed"


def left(job: Job, memory: JobMemory) -> int:
    """Return how many slots to come may be run; those in progress or retried have their place."""
    assert job.max_runs is not None
    taken = {run.slot for run in memory.runs.values() if run.slot is not None}
    if memory.retry is not None:
        taken.add(memory.retry.slot)
    return max(job.max_runs - memory.run_count - len(taken), 0)


def is_used_up(memory: JobMemory) -> bool:
    """Return whether a job has had all the runs that it was registered with."""
    return memory.max_runs is not None and memory.run_count >= memory.max_runs


def bounded(schedule: Schedule, job: Job, memory: JobMemory, now: datetime) -> Schedule:
    """Return the schedule of a job without the slots for which there is no run left."""
    if left(job, memory):
        return schedule
    from scheduled.timing.bounds import Bounds

    newest = active_runs.newest_claimed(memory, now) or memory.anchor
    if newest is None:
        return schedule  # it has never been seen
    of = schedule.bounds or Bounds(None, None)
    last = newest if of.last is None else min(newest, of.last)
    return replace(schedule, bounds=of._replace(last=last))


def change(job: Job, memory: JobMemory) -> list[Event]:
    """Return the event that gives a job the limit it has now; it starts no run."""
    return [run_limit_events.limit_changed(job.id, job.max_runs, continues=is_used_up(memory))]


def changed(job: Job, memory: JobMemory, now: datetime) -> JobMemory:
    """Return the memory as that event leaves it."""
    memory = memory._replace(
        watermark=max(now, memory.watermark or now) if is_used_up(memory) else memory.watermark,
        run_count=0 if job.max_runs is None else memory.run_count,
    )
    return memory._replace(max_runs=job.max_runs)


def begin_anew(job: Job, memory: JobMemory, now: datetime) -> list[Event]:
    """Return the events that let a job run again that has used up its runs; it counts from now."""
    watermark = events.watermark_reset(job.id, max(now, memory.watermark or now))
    return [run_limit_events.enabled_anew(job.id), watermark]
