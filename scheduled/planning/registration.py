"""Registration: the events that record new, changed, disabled and removed jobs (pure).

Registration starts no run, whatever was edited: the slots of a job count from then on.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from scheduled.errors import ScheduleError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import active_runs, decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state import events, records
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.state.records import JobMemory
from scheduled.timing import expression
from scheduled.timing.slots import MissedRange, is_anchored

CHANGED = "its schedule was changed"
"""The cause of slots missed by the previous schedule."""
REMOVED = "removed from the configuration"
"""The cause of slots missed by a removed job, and kept as its fingerprint; no schedule has it."""


def register(decisions: Iterable[Decision], state: State, slots: SlotCache) -> list[Event]:
    """Return the events that record new, changed and disabled jobs, and watermarks to reset."""
    return [event for decision in decisions for event in _register(decision, state, slots)]


def unregistered(jobs: Collection[str], state: State, slots: SlotCache) -> list[Event]:
    """Return the events that unregister all jobs that are not in `jobs`.

    Do not call it if a job may be missing because of a mistake in its file.
    """
    removed = (job for job in state["jobs"] if job not in jobs)
    return [event for job in removed for event in unregister(job, state, slots)]


def unregister(job: str, state: State, slots: SlotCache) -> list[Event]:
    """Return the events that unregister a job; none if it is not registered.

    If it is put back, it is registered anew and does not run for what passed in between.
    """
    if state["jobs"].get(job, {}).get("fingerprint") in (None, "", REMOVED):
        return []
    memory = records.job_memory(state, job)
    watermark = decide.counting_start(memory, slots.now)
    removed = events.job_registered(job, slots.now, REMOVED, watermark)
    is_off = (
        memory.enabled is False
        or memory.suspended
        or memory.fingerprint == decide.DISABLED_IN_CONFIG
    )
    cause = decide.DISABLED_IN_CONFIG if is_off else REMOVED
    return [*_ended_slots(job, memory, slots, cause), removed]


def _register(decision: Decision, state: State, slots: SlotCache) -> list[Event]:
    job, memory = decision.job, records.job_memory(state, decision.job.id)
    match decision.verdict:
        case Verdict.RESET_WATERMARK:
            return [events.watermark_reset(job.id, decision.watermark)]
        case Verdict.REGISTER:
            fingerprint = expression.fingerprint(schedule_of(job))
            registered = _registered(job, slots, fingerprint, decision.watermark)
            was_away = memory.fingerprint in (decide.DISABLED_IN_CONFIG, REMOVED)
            cause = memory.fingerprint if was_away else CHANGED
            return [*_ended_slots(job.id, memory, slots, cause), registered]
        case Verdict.DISABLED if decide.was_disabled_in_config(job, memory):
            # Enabled again, it is registered anew and does not run for what passed in between.
            watermark = decide.counting_start(memory, slots.now)
            registered = _registered(job, slots, decide.DISABLED_IN_CONFIG, watermark)
            return [*_ended_slots(job.id, memory, slots, decide.DISABLED_IN_CONFIG), registered]
    return []


def _registered(job: Job, slots: SlotCache, fingerprint: str, watermark: datetime | None) -> Event:
    schedule = schedule_of(job)
    return events.job_registered(
        job.id, slots.now, fingerprint, watermark, (schedule.text, schedule.zone)
    )


def _ended_slots(job: str, memory: JobMemory, slots: SlotCache, cause: str) -> list[Event]:
    """Return the events that end the unanswered slots of the schedule the job had until now."""
    ended: list[Event] = []
    if memory.retry is not None:
        ended = [events.retry_cancelled(job, memory.retry.slot, cause)]
    until = memory.deferral.until if memory.deferral else None
    if until is not None and until <= slots.now:
        ended += events.slots_missed(job, MissedRange(until, until, 1), cause)
    since = active_runs.newest_claimed(memory) or memory.anchor
    if memory.schedule is None or since is None:
        return ended
    try:
        schedule = expression.parse(*memory.schedule)
    except ScheduleError:
        return ended  # written by a version that accepted more schedules than this one
    anchor = memory.anchor if is_anchored(schedule) else None
    missed_range = slots.missed_range(schedule, since, slots.now, anchor)
    return [*ended, *events.slots_missed(job, missed_range, cause)]
