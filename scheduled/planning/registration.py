"""Registration: the events that record new, changed, disabled and missing jobs (pure).

Registration starts no run, whatever was edited: the slots of a job count from then on. A job that
is missing from the configuration keeps what is remembered of it for a day, in case it comes back.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from scheduled.errors import ScheduleError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import active_runs, decide, resolve
from scheduled.planning.decide import REMOVED
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.due import missed_since
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import Standing, Start, counting_start, days_of, standing
from scheduled.state import events, records
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.state.present import CORRECTION
from scheduled.state.records import JobMemory
from scheduled.timing import expression
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.instants import parse_utc
from scheduled.timing.slots import MissedRange
from scheduled.timing.timezones import INSTANT

SUSPENDED = "suspended"
"""The cause of slots missed while version 0.1.0 had suspended the job."""
CHANGED = "its schedule was changed"
"""The cause of slots missed by the previous schedule."""
NOT_CONFIGURED = "not configured"
"""The cause of slots that came while the job was missing from the configuration."""
BROKEN = "configuration broken"
"""Why a job is missing, where a mistake in a file may be the reason."""
KEPT = timedelta(days=1)
"""For so long a job may be missing before it counts as removed."""


def register(
    decisions: Iterable[Decision], state: State, slots: SlotCache, start: Start
) -> list[Event]:
    """Return the events that record new, changed and disabled jobs, and watermarks to reset."""
    return [event for decision in decisions for event in _register(decision, state, slots, start)]


def missing(
    jobs: Collection[str], state: State, slots: SlotCache, *, is_broken: bool = False
) -> list[Event]:
    """Return the events about all jobs on record that are not in `jobs`.

    `is_broken` tells whether some may be missing because of a mistake in a file.
    """
    absent = [job for job in state["jobs"] if job not in jobs]
    return [event for job in absent for event in _missing(job, state, slots, is_broken=is_broken)]


def unregister(job: str, state: State, slots: SlotCache) -> list[Event]:
    """Return the events that unregister a job; none if it is not registered.

    If it is put back, it is registered anew and does not run for what passed in between.
    """
    memory = records.job_memory(state, job)
    if memory.fingerprint in ("", REMOVED):
        return []
    watermark = counting_start(memory, slots.now, slots.now)
    removed = events.job_registered(job, slots.now, REMOVED, watermark)
    cause = _disabled(memory) or REMOVED
    until = _seen_until(memory, slots.now, slots.now)
    return [*_ended_slots(job, memory, slots, until, cause), removed]


def _missing(job: str, state: State, slots: SlotCache, *, is_broken: bool) -> list[Event]:
    memory = records.job_memory(state, job)
    if memory.fingerprint in ("", REMOVED):
        return []
    if is_broken:
        return [] if memory.away else [events.job_missing(job, BROKEN)]
    if memory.fingerprint == decide.DISABLED_IN_CONFIG:
        return unregister(job, state, slots)
    if memory.away is None or memory.away.cause == BROKEN:
        cause = _disabled(memory) or NOT_CONFIGURED
        until = _seen_until(memory, slots.now, slots.now)
        passed = _passed_slots(job, memory, slots, until, cause)
        return [events.job_missing(job, NOT_CONFIGURED), *passed]
    if slots.now - memory.away.since > KEPT:
        return unregister(job, state, slots)
    return []


def _disabled(memory: JobMemory) -> str:
    """Return the cause of slots that a job misses because it is disabled; '' if it is not."""
    is_off = (
        memory.enabled is False
        or memory.suspended
        or memory.fingerprint == decide.DISABLED_IN_CONFIG
    )
    return decide.DISABLED_IN_CONFIG if is_off else ""


def lift_suspensions(state: State, slots: SlotCache) -> list[Event]:
    """Return the events that end the suspensions by version 0.1.0, which nobody asked for.

    What passed meanwhile does not run; the slots of the job count from now on.
    """
    lifted: list[Event] = []
    for job, entry in state["jobs"].items():
        if entry.get("suspended") and "after" not in (entry.get("suspended") or {}):
            memory = records.job_memory(state, job)
            lifted += [
                *_ended_slots(job, memory, slots, slots.now, SUSPENDED),
                events.suspension_lifted(job),
            ]
    return lifted


def _register(decision: Decision, state: State, slots: SlotCache, start: Start) -> list[Event]:
    job, memory = decision.job, records.job_memory(state, decision.job.id)
    match decision.verdict:
        case Verdict.RESET_WATERMARK:
            return [events.watermark_reset(job.id, decision.watermark)]
        case Verdict.DISABLED if decide.was_disabled_in_config(job, memory):
            # Enabled again, it is registered anew and does not run for what passed in between.
            cause, begin = decide.DISABLED_IN_CONFIG, slots.now
            until = _seen_until(memory, slots.now, begin)
            ended = _ended_slots(job.id, memory, slots, until, cause)
            return [*ended, _registered(job, memory, slots, begin, ended, kept=cause)]
        case Verdict.REGISTER | Verdict.DISABLED if memory.away is not None:
            return _back(job, state, slots, start)
        case Verdict.REGISTER:
            return _new_or_changed(decision, state, slots, start)
    return []


def _new_or_changed(
    decision: Decision, state: State, slots: SlotCache, start: Start
) -> list[Event]:
    job, memory = decision.job, records.job_memory(state, decision.job.id)
    known = standing(job, memory)
    if known is Standing.REGISTERED:
        return [*_days_changed(job, memory, slots, start), *_limit_changed(job, memory)]
    if known is Standing.MOVED:
        # Nothing was due in the zone before; what came in this one since the last tick is due.
        begin = min(start.previous or slots.now, slots.now)
        return [_registered(job, memory._replace(anchor=None), slots, begin, ())]
    begin = start.of(job, slots.now)
    was_off = memory.fingerprint in (decide.DISABLED_IN_CONFIG, REMOVED)
    cause = memory.fingerprint if was_off else CHANGED
    is_first = decision.watermark is None
    ended = _ended_slots(job.id, memory, slots, _seen_until(memory, slots.now, begin), cause)
    return [*ended, _registered(job, memory, slots, begin, ended, at_once=is_first)]


def _back(job: Job, state: State, slots: SlotCache, start: Start) -> list[Event]:
    """Return the events of a job that was missing and is in the configuration again."""
    memory, begin = records.job_memory(state, job.id), start.of(job, slots.now)
    assert memory.away is not None
    is_same = standing(job, memory) is Standing.BACK
    if is_same and memory.away.cause == BROKEN:
        since = min(memory.away.since, slots.now)
        corrected = _corrected_watermark(job.id, memory, since, slots.now)
        days = _days_changed(job, memory, slots, start)
        return [*corrected, *days, events.job_back(job.id)]
    cause = _disabled(memory) or NOT_CONFIGURED
    if is_same and begin - memory.away.since <= KEPT:
        passed = _passed_slots(job.id, memory, slots, begin, cause)
        corrected = _corrected_watermark(job.id, memory, begin, slots.now)
        memory = memory._replace(watermark=None)  # those that passed have ended
        days = _days_changed(job, memory, slots, start)
        return [*passed, *corrected, *days, events.job_back(job.id)]
    ended = _ended_slots(job.id, memory, slots, _seen_until(memory, slots.now, begin), cause)
    return [*ended, _registered(job, memory, slots, begin, ended)]


def _days_changed(job: Job, memory: JobMemory, slots: SlotCache, start: Start) -> list[Event]:
    """Return the events that give a job the days it has now, if it has or had any."""
    if not (job.not_on or job.only_on or memory.days):
        return []
    from scheduled.planning import allowed_days

    return allowed_days.change(job, memory, slots, start.of_days(job, slots.now))


def _limit_changed(job: Job, memory: JobMemory) -> list[Event]:
    """Return the event that gives a job the `max_runs` it has now, if that has changed."""
    if job.max_runs == memory.max_runs:
        return []
    from scheduled.planning import run_limit

    return run_limit.change(job, memory)


def _seen_until(memory: JobMemory, now: datetime, begin: datetime) -> datetime:
    """Return until when slots have passed: `begin`, or what the clock had shown before a step back.

    What lies further ahead was shown by a clock that has been corrected since. A job that was off
    then had no slots to pass.
    """
    shown = memory.shown
    was_off = memory.fingerprint == decide.DISABLED_IN_CONFIG
    if shown is None or was_off or not now < shown <= now + CORRECTION:
        return begin
    return max(begin, shown)


def _corrected_watermark(
    job: str, memory: JobMemory, begin: datetime, now: datetime
) -> list[Event]:
    """Return the event that makes a job count from `begin` if the clock was set back meanwhile."""
    if memory.watermark is None or memory.watermark - now <= CORRECTION:
        return []
    return [events.watermark_reset(job, begin)]


def _registered(
    job: Job,
    memory: JobMemory,
    slots: SlotCache,
    begin: datetime,
    ended: Iterable[Event],
    *,
    at_once: bool = False,
    kept: str = "",
) -> Event:
    """Build the event that makes a job count from `begin`, and after the slots that have `ended`.

    `kept` replaces its fingerprint.
    """
    schedule = schedule_of(job)
    passed = [parse_utc(event["last"]) for event in ended if event["event"] == "missed"]
    horizon = slots.now + CORRECTION
    latest = max([begin, *(slot for slot in passed if slot and slot <= horizon)])
    watermark = None if at_once else counting_start(memory, latest, slots.now)
    event = events.job_registered(
        job.id,
        begin,
        kept or fingerprint(schedule),
        watermark,
        (schedule.text, schedule.zone),
        job.level,
        days_of(job, slots.now),
    )
    if job.max_runs is None and not kept:
        return event
    from scheduled.state import run_limit_events

    if job.max_runs is not None:
        event = run_limit_events.with_limit(event, job.max_runs)
    return run_limit_events.with_meaning(event, fingerprint(schedule)) if kept else event


def _passed_slots(
    job: str, memory: JobMemory, slots: SlotCache, until: datetime, cause: str
) -> list[Event]:
    """Return the events that end the unanswered slots up to `until` of a job that is missing.

    That of a job that runs once stays due, and so does a retry.
    """
    if memory.schedule is not None:
        try:
            if expression.parse(*memory.schedule).kind == "once":
                return []
        except ScheduleError:
            pass
    ended = _ended_slots(job, memory, slots, until, cause)
    return [event for event in ended if event["event"] == "missed"]


def _ended_slots(
    job: str, memory: JobMemory, slots: SlotCache, until: datetime, cause: str
) -> list[Event]:
    """Return the events that end the unanswered slots, up to `until`, of a schedule."""
    ended: list[Event] = [*resolve.call_off(job, memory, cause, None)]
    put_off = active_runs.put_off_slot(memory)
    if put_off is not None and put_off > slots.now + CORRECTION:
        # It was due by a clock that has been corrected since, and by this schedule will not be.
        ended += events.slots_missed(job, MissedRange(put_off, put_off, 1), cause)
    elif put_off is not None:
        until = max(until, put_off)  # it was due before the clock was set back
    since = active_runs.newest_claimed(memory, slots.now) or memory.anchor
    deferral = memory.deferral.until if memory.deferral else None
    missed = missed_since(since, until, memory, slots)
    if memory.retry is not None and memory.retry.slot <= slots.now:
        # Slots that passed because the clock that claimed that of the retry was set back.
        begin = active_runs.newest_started(memory) or memory.anchor
        passed = missed_since(begin, memory.retry.slot - INSTANT, memory, slots)
        ended = [*events.slots_missed(job, passed, cause), *ended]
    # A deferral that was started ends with its run, one that a slot follows with that slot.
    newest = missed.last if missed is not None else since
    if deferral is not None and deferral <= until and (newest is None or newest < deferral):
        alone = MissedRange(deferral, deferral, 1)
        return [
            *ended,
            *events.slots_missed(job, missed, cause),
            *events.slots_missed(job, alone, cause),
        ]
    return [*ended, *events.slots_missed(job, missed, cause)]
