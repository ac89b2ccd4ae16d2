"""Meeting jobs: what is put on record when a tick first sees one, or finds it changed.

Nothing fires by that, whatever somebody edited: a job that is met counts from now on.
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
from scheduled.state.records import Event, JobMemory, State
from scheduled.timing import expression
from scheduled.timing.slots import MissedRange, is_anchored

CHANGED = "its schedule was changed"
"""Why slots of the schedule before are no longer answered for."""
REMOVED = "removed from the configuration"
"""The same of a job that is gone, and its fingerprint from then on: no schedule has it."""


def register(decisions: Iterable[Decision], state: State, slots: SlotCache) -> list[Event]:
    """The events that make the engine know new, changed and disabled jobs, and wrong clocks."""
    return [event for decision in decisions for event in _met(decision, state, slots)]


def unregistered(jobs: Collection[str], state: State, slots: SlotCache) -> list[Event]:
    """The events that make the engine forget the schedules of jobs that are not in `jobs`.

    Not to be asked while a job may be missing for a mistake in its file.
    """
    gone = (name for name in state["jobs"] if name not in jobs)
    return [event for name in gone for event in unregister(name, state, slots)]


def unregister(job: str, state: State, slots: SlotCache) -> list[Event]:
    """The events that make the engine forget the schedule of a job; none if there is none.

    Put back, the job is met anew, and does not fire for what passed meanwhile.
    """
    if state["jobs"].get(job, {}).get("fingerprint") in (None, "", REMOVED):
        return []
    record = records.job_memory(state, job)
    watermark = decide.counting_start(record, slots.now)
    seen = events.job_registered(job, slots.now, REMOVED, watermark)
    is_off = (
        record.enabled is False
        or record.suspended
        or record.fingerprint == decide.DISABLED_IN_CONFIG
    )
    return [
        *_left_behind(job, record, slots, decide.DISABLED_IN_CONFIG if is_off else REMOVED),
        seen,
    ]


def _met(decision: Decision, state: State, slots: SlotCache) -> list[Event]:
    job, record = decision.job, records.job_memory(state, decision.job.id)
    match decision.verdict:
        case Verdict.RESET_WATERMARK:
            return [events.watermark_reset(job.id, decision.watermark)]
        case Verdict.REGISTER:
            fingerprint = expression.fingerprint(schedule_of(job))
            seen = _seen(job, slots, fingerprint=fingerprint, watermark=decision.watermark)
            away = record.fingerprint in (decide.DISABLED_IN_CONFIG, REMOVED)
            cause = record.fingerprint if away else CHANGED
            return [*_left_behind(job.id, record, slots, cause), seen]
        case Verdict.DISABLED if decide.was_disabled_in_config(job, record):
            # Enabled again it is met anew: it does not fire for what passed meanwhile.
            watermark = decide.counting_start(record, slots.now)
            seen = _seen(job, slots, fingerprint=decide.DISABLED_IN_CONFIG, watermark=watermark)
            return [*_left_behind(job.id, record, slots, decide.DISABLED_IN_CONFIG), seen]
    return []


def _seen(job: Job, slots: SlotCache, *, fingerprint: str, watermark: datetime | None) -> Event:
    schedule = schedule_of(job)
    return events.job_registered(
        job.id, slots.now, fingerprint, watermark, (schedule.text, schedule.zone)
    )


def _left_behind(job: str, record: JobMemory, slots: SlotCache, cause: str) -> list[Event]:
    """What the schedule it had until now still owed: these slots end here, on record."""
    recorded: list[Event] = []
    if record.retry is not None:
        recorded = [events.retry_cancelled(job, record.retry.slot, cause)]
    until = record.deferral.until if record.deferral else None
    if until is not None and until <= slots.now:
        recorded += events.slots_missed(job, MissedRange(until, until, 1), cause)
    since = active_runs.newest_claimed(record) or record.anchor
    if record.schedule is None or since is None:
        return recorded
    try:
        schedule = expression.parse(*record.schedule)
    except ScheduleError:
        return recorded  # written by a version that could read more than this one
    anchor = record.anchor if is_anchored(schedule) else None
    missed_range = slots.missed_range(schedule, since, slots.now, anchor)
    return [*recorded, *events.slots_missed(job, missed_range, cause)]
