"""When a job runs next, found by deciding as the ticks to come will (pure)."""

from datetime import datetime, timedelta

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import active_runs, decide, resolve
from scheduled.planning.decision import Decision, Opening, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import Standing, days_of, has_days, standing
from scheduled.quick_classes import NamedTuple
from scheduled.state.records import JobMemory
from scheduled.timing import window
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.timezones import INSTANT

STEPS = 50
"""So many decisions are made at most; a few are enough for what is likely."""


class Start(NamedTuple):
    """A run to come."""

    at: datetime
    """When it starts. In the past if it is due: its slot."""
    slot: datetime | None
    """None for the next one of the schedule, where nothing else comes before."""


def next_run(
    job: Job, memory: JobMemory, slots: SlotCache, grace: timedelta, *, is_running: bool = False
) -> Start | None:
    """Return what runs next of a job; None if that is not to be foreseen.

    Guards, conditions and other jobs are left out of account. A run in progress is not the next.
    """
    if is_running:
        memory = active_runs.as_if_ended(memory)
    now, later = slots.now, slots.now
    for _ in range(STEPS):
        decision = decide.decide(job, memory, slots, grace)
        if decision.verdict in (Verdict.RUN, Verdict.OVER_BUDGET):
            assert decision.slot is not None
            return Start(decision.slot if later == now else later, decision.slot)
        if _is_plain(job, memory, decision):
            at = decision.next_start
            return Start(at, None) if at is not None else None
        memory, again = _after(job, memory, decision, later)
        if again is None:
            return None
        if again > later:
            later = again
            slots = slots.later(later + INSTANT)  # a tick comes just after its minute
    return None


def _is_plain(job: Job, memory: JobMemory, decision: Decision) -> bool:
    """Return whether nothing comes between a job and its next slot; so it is for most jobs."""
    if decision.verdict is not Verdict.NOT_DUE or job.window:
        return False
    return memory.pause is None and memory.skip is None and not (memory.deferral or memory.retry)


def _after(
    job: Job, memory: JobMemory, decision: Decision, now: datetime
) -> tuple[JobMemory, datetime | None]:
    """Return the memory after a tick that decided so, and when to decide again; None: never."""
    match decision.verdict:
        case Verdict.SKIP:
            return _answered(memory, decision.slot), now
        case Verdict.CANCEL_RETRY:
            called_off = resolve.call_off(job.id, memory, decision.reason, job)
            is_last = any(event.get("suspends") for event in called_off)
            return memory._replace(retry=None), None if is_last else now
        case Verdict.RESET_WATERMARK:
            return memory._replace(watermark=decision.watermark), now
        case Verdict.REGISTER:
            return _registered(job, memory, decision, now), now
        case Verdict.PAUSED:
            return memory, memory.pause.until if memory.pause else None
        case Verdict.WAIT if decision.opening is Opening.WINDOW:
            # It may be too late for a slot before the window opens, but nothing runs until then.
            return memory, window.next_opening(job.window, job.timezone, now)
        case _:
            return memory, decision.next_start


def _answered(memory: JobMemory, slot: datetime | None) -> JobMemory:
    assert slot is not None
    retry, deferral = memory.retry, memory.deferral
    return memory._replace(
        watermark=slot,
        coalesced=0,
        retry=None if retry and retry.slot == slot else retry,
        deferral=None if deferral and deferral.until <= slot else deferral,
    )


def _registered(job: Job, memory: JobMemory, decision: Decision, now: datetime) -> JobMemory:
    if (known := standing(job, memory)) is Standing.REGISTERED:
        if not has_days(job, memory, now):
            memory = memory._replace(days=days_of(job, now))
        return _with_limit(job, memory, now)
    if known is Standing.BACK:
        return memory._replace(away=None, watermark=decision.watermark)
    schedule = schedule_of(job)
    return _with_limit(job, memory, now)._replace(
        fingerprint=fingerprint(schedule),
        schedule=(schedule.text, schedule.zone),
        days=days_of(job, now),
        away=None,
        anchor=now,
        watermark=decision.watermark,
        retry=None,
    )


def _with_limit(job: Job, memory: JobMemory, now: datetime) -> JobMemory:
    if job.max_runs == memory.max_runs:
        return memory
    from scheduled.planning import run_limit

    return run_limit.changed(job, memory, now)
