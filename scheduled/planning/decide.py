"""What is to be done about each job, given its memory and the time (pure).

`decide` is the rule for one job. A tick applies it to all jobs to make its plan (`tick_plan`), and
again to one job when it holds the job's lock and has read the journal; the second decision is the
one that counts. It finds the newest slot with one step back from now, however long ago the last
tick was.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from scheduled.errors import ScheduleError
from scheduled.jobs.model import CatchUp, FirstRun, Job, Move
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning import active_runs
from scheduled.planning.decision import Decision, Opening, Verdict
from scheduled.planning.due import (
    Due,
    due_slots,
    earliest,
    is_too_late,
    missed_before,
    schedule_for,
    why_too_late,
)
from scheduled.planning.retries import SUPERSEDED, decide_retry, missed_before_retry
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import (
    WHY,
    Standing,
    as_decided,
    counting_start,
    has_days,
    standing,
)
from scheduled.quick_classes import replace
from scheduled.state.present import CORRECTION
from scheduled.state.records import Deferral, JobMemory, Pause
from scheduled.timing import window
from scheduled.timing.instants import minute_utc
from scheduled.timing.schedule import Schedule
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT

SUSPENDED = (
    "suspended after as many dead letters in a row as suspend_after says;"
    " `scheduled enable` ends that"
)
SKIPPED_BY_USER = "left out by hand"  # as recorded; views.wording has the printed form
PAUSED_CAUSE = "paused"
DEFERRED = "deferred"
"""The cause of slots missed during a deferral."""
DISABLED_IN_CONFIG = "disabled"
"""Kept as fingerprint of a job that the configuration disables; no schedule has this one."""
REMOVED = "removed from the configuration"
"""The cause of slots missed by a removed job, and kept as its fingerprint; no schedule has it."""


MemoryOf = Callable[[str], JobMemory]
"""Returns the memory of the job with that id."""


def is_enabled(job: Job, memory: JobMemory) -> bool:
    """Return whether the job is enabled: on the command line, else by the configuration.

    A suspended or cancelled job is not, until somebody enables it, and none is where the
    configuration switches all of them off.
    """
    if memory.suspended or memory.cancelled is not None or job.is_switched_off:
        return False
    return job.enabled if memory.enabled is None else memory.enabled


def is_out_of_service(job: Job | None, memory: JobMemory) -> bool:
    """Return whether nothing runs for a job any more, so that no slot has another attempt.

    A job that is not configured may just have a mistake in its file, unless its end is recorded.
    """
    if memory.fingerprint in (DISABLED_IN_CONFIG, REMOVED):
        return True
    if job is None:
        return memory.suspended or memory.cancelled is not None
    return not is_enabled(job, memory)


def was_disabled_in_config(job: Job, memory: JobMemory) -> bool:
    """Return whether the configuration disables a registered job, and this is not yet recorded."""
    return (
        (job.is_switched_off or (not job.enabled and memory.enabled is None))
        and memory.fingerprint not in ("", DISABLED_IN_CONFIG)
        and not memory.suspended
    )


def is_off(decision: Decision) -> bool:
    """Return whether the job is disabled or paused, so that even `run` of all jobs skips it."""
    return decision.verdict in (Verdict.DISABLED, Verdict.PAUSED) or decision.cause == PAUSED_CAUSE


def decide(job: Job, memory: JobMemory, slots: SlotCache, grace: timedelta) -> Decision:
    """Decide about `job` at `slots.now`. A start within `grace` of its slot is on time."""
    decision = _decide(job, memory, slots, grace)
    if (job.not_on or job.only_on) and decision.verdict in (Verdict.RUN, Verdict.NOT_DUE):
        decision = _by_days(decision, memory, slots, grace)
    if job.window and decision.verdict is Verdict.RUN:
        return _wait_for_window(decision, slots.now)
    return decision


def _by_days(decision: Decision, memory: JobMemory, slots: SlotCache, grace: timedelta) -> Decision:
    """Return a decision about a job that runs on certain days only, with regard to these."""
    from scheduled.planning import allowed_days

    if decision.verdict is Verdict.NOT_DUE:
        return allowed_days.with_left_out(decision, memory, slots)
    if decision.cause == DEFERRED:  # a person has said when
        return decision
    return allowed_days.wait(decision, slots, grace)


def moved_from(job: Job, memory: JobMemory, slot: datetime | None) -> str:
    """Return the day from which a slot was moved, `2026-12-25`; '' if it was not."""
    if slot is None or job.move is Move.SKIP or not (job.not_on or job.only_on):
        return ""
    from scheduled.planning import allowed_days

    return allowed_days.moved_from(job, memory, slot)


def answered_until(job: Job, memory: JobMemory, now: datetime) -> datetime:
    """Return after which instant slots have not started: now less the jitter, or the watermark."""
    delay = start_delay(job)
    undelayed = now - delay if delay else now
    return max(undelayed, memory.watermark) if undelayed < now and memory.watermark else undelayed


def _decide(job: Job, memory: JobMemory, slots: SlotCache, grace: timedelta) -> Decision:
    """Decide about `job` without regard to its window."""
    if not is_enabled(job, memory):
        return Decision(job, Verdict.DISABLED, reason=_why_disabled(memory))
    schedule = schedule_for(job, memory, slots.now)
    memory = active_runs.without_active_runs(job, memory)
    if (known := standing(job, memory)) is not Standing.REGISTERED:
        return _decide_unregistered(job, memory, known, slots, grace)
    if not has_days(job, memory, slots.now):
        from scheduled.planning import allowed_days

        return Decision(job, Verdict.REGISTER, watermark=slots.now, reason=allowed_days.WHY)
    if job.max_runs != memory.max_runs:
        from scheduled.planning import run_limit

        return Decision(job, Verdict.REGISTER, watermark=slots.now, reason=run_limit.WHY)
    anchor = memory.anchor if is_anchored(schedule) else None
    if memory.watermark is not None and memory.watermark > slots.now:
        return _decide_clock_back(job, schedule, memory, slots, anchor)
    delayed = slots.delayed_by(start_delay(job))
    due = due_slots(schedule, anchor, memory, delayed)
    if due is None and (job.not_on or job.only_on):
        from scheduled.planning import allowed_days

        left_out = allowed_days.decide_left_out(job, schedule, memory, delayed)
        if left_out is not None:
            return left_out
    return _decide_due(job, schedule, memory, due, slots, grace)


def _decide_due(
    job: Job,
    schedule: Schedule,
    memory: JobMemory,
    due: Due | None,
    slots: SlotCache,
    grace: timedelta,
) -> Decision:
    """Decide about a registered job and its due slots, or what else is due."""
    delayed = slots.delayed_by(start_delay(job))
    if memory.pause is not None and _is_paused(memory.pause, due, slots):
        after = _next_start(job, schedule, memory, slots)
        return _decide_paused(job, memory, memory.pause, due, delayed, after)
    if memory.deferral is not None:
        return _decide_deferred(job, memory, memory.deferral, due, slots, grace)
    if memory.retry is not None:
        after = _next_start(job, schedule, memory, slots)
        return decide_retry(job, memory.retry, due, slots, after)
    if due is None:
        return _not_due(job, schedule, memory, slots)
    in_turn = job.catch_up is CatchUp.ALL and due.watermark is not None
    if in_turn and not is_too_late(job, delayed.now - due.newest):
        decision = _run_oldest(job, due, delayed)
    else:
        decision = _run_newest(job, due, delayed, grace)
    if decision.slot == memory.skip:
        return replace(decision, verdict=Verdict.SKIP, reason=SKIPPED_BY_USER)
    return decision


def blocker(
    job: Job, slot: datetime, others: Mapping[str, Job], memory_of: MemoryOf, slots: SlotCache
) -> str | None:
    """Return the job that must succeed before `job` may start for `slot`; None if there is none.

    It must have succeeded for its own newest slot at or before `slot`, or for a newer one.
    """
    for name in job.after:
        other, memory = others.get(name), memory_of(name)
        if other is None:
            return name
        schedule = schedule_for(other, memory, slots.now)
        anchor = memory.anchor if is_anchored(schedule) else None
        needed = slots.latest(schedule, slot, anchor)
        succeeded = memory.succeeded_slot
        if needed is not None and (succeeded is None or succeeded < needed):
            return name
    return None


def _register(job: Job, memory: JobMemory, slots: SlotCache, reason: str) -> Decision:
    # Only a new job may run at once: an edit never starts a run.
    at_once = not memory.fingerprint and job.first_run is FirstRun.NOW
    watermark = None if at_once else counting_start(memory, slots.now, slots.now)
    return Decision(job, Verdict.REGISTER, watermark=watermark, reason=reason)


def _decide_unregistered(
    job: Job, memory: JobMemory, known: Standing, slots: SlotCache, grace: timedelta
) -> Decision:
    if known is Standing.MOVED:
        return _decide_moved(job, memory, slots, grace)
    return _register(job, memory, slots, WHY[known])


def _decide_moved(job: Job, memory: JobMemory, slots: SlotCache, grace: timedelta) -> Decision:
    """Decide what was due in the zone the machine had; if nothing was, register the job anew."""
    try:
        old = replace(_decide(as_decided(job, memory), memory, slots, grace), job=job)
    except ScheduleError:  # a zone that is not known here any more
        return _register(job, memory, slots, WHY[Standing.MOVED])
    if old.is_due or old.verdict in (Verdict.WAIT, Verdict.RESET_WATERMARK, Verdict.REGISTER):
        return old
    if memory.retry is not None or memory.deferral is not None:
        return old
    schedule = schedule_of(job)
    if schedule.kind == "once" and (
        # It has run, or it would be lost: on the clock of the new zone it has passed.
        old.next is None or slots.following(schedule, slots.now, None) is None
    ):
        return old
    return _register(job, memory, slots, WHY[Standing.MOVED])


def _decide_clock_back(
    job: Job, schedule: Schedule, memory: JobMemory, slots: SlotCache, anchor: datetime | None
) -> Decision:
    assert memory.watermark is not None
    ahead = memory.watermark - slots.now
    if ahead > CORRECTION:
        why = f"its last slot lay {ahead} in the future; the clock was wrong then"
        return Decision(job, Verdict.RESET_WATERMARK, watermark=slots.now, reason=why)
    after = slots.following(schedule, memory.watermark, anchor)
    start = after and after + start_delay(job)
    return Decision(
        job, Verdict.NOT_DUE, next=start, reason="the clock went back; it has run already"
    )


def _next_start(
    job: Job, schedule: Schedule, memory: JobMemory, slots: SlotCache
) -> datetime | None:
    anchor = memory.anchor if is_anchored(schedule) else None
    slot = slots.following(schedule, answered_until(job, memory, slots.now), anchor)
    return slot + start_delay(job) if slot is not None and job.jitter else slot


def _not_due(job: Job, schedule: Schedule, memory: JobMemory, slots: SlotCache) -> Decision:
    start = _next_start(job, schedule, memory, slots)
    delay = start_delay(job)
    if start is None or start - delay > slots.now:
        return Decision(job=job, verdict=Verdict.NOT_DUE, next=start, reason="not due")
    why = f"starts {delay.total_seconds():.0f} s after its scheduled time (jitter)"
    return Decision(job, Verdict.WAIT, start - delay, reason=why, next=start)


def _wait_for_window(decision: Decision, now: datetime) -> Decision:
    """Return a decision to wait until the window opens, or until the slot is too late."""
    job, slot = decision.job, decision.slot
    opens = window.next_opening(job.window, job.timezone, now)
    if opens is None:
        return decision
    ends = [opens]
    if job.max_lateness is not None and slot is not None:
        start = slot + start_delay(job)
        ends.append(start + timedelta(seconds=job.max_lateness) + INSTANT)
    why = window.closed(job.window)
    end = min(end for end in ends if end > now)
    return Decision(job, Verdict.WAIT, slot, reason=why, opening=Opening.WINDOW, next=end)


def _why_disabled(memory: JobMemory) -> str:
    if memory.cancelled is not None:
        return f"cancelled{': ' if memory.cancelled else ''}{memory.cancelled}"
    return SUSPENDED if memory.suspended else "disabled"


def _decide_deferred(
    job: Job,
    memory: JobMemory,
    deferral: Deferral,
    due: Due | None,
    slots: SlotCache,
    grace: timedelta,
) -> Decision:
    """Decide to run once at the end of the deferral, for all slots that passed during it."""
    until = deferral.until
    if slots.now < until:
        why = f"deferred until {minute_utc(until)}"
        why += f": {deferral.reason}" if deferral.reason else ""
        verdict = Verdict.NOT_DUE if due is None else Verdict.WAIT
        return Decision(job, verdict, due.newest if due else None, reason=why, next=until)
    if memory.retry is not None and memory.retry.slot < until:
        missed = missed_before_retry(memory.retry, due, slots)
        return Decision(job, Verdict.CANCEL_RETRY, memory.retry.slot, missed, reason=SUPERSEDED)
    schedule = schedule_for(job, memory, slots.now)
    anchor = memory.anchor if is_anchored(schedule) else None
    if memory.retry is not None:
        return decide_retry(job, memory.retry, due, slots, slots.following(schedule, until, anchor))
    newest = max(until, due.newest) if due and job.catch_up is not CatchUp.ALL else until
    watermark = due.watermark if due else memory.watermark
    end = Due(schedule, anchor, newest, watermark, memory.coalesced)
    late = slots.now - newest > grace  # a run deferred on purpose is not a catch-up
    return replace(_run_newest(job, end, slots, grace), catch_up=late, cause=DEFERRED)


def _is_paused(pause: Pause, due: Due | None, slots: SlotCache) -> bool:
    """Return whether the job is paused now, or was when the due slot passed."""
    return pause.covers(slots.now) or (due is not None and pause.covers(due.newest))


def _decide_paused(
    job: Job,
    memory: JobMemory,
    pause: Pause,
    due: Due | None,
    slots: SlotCache,
    after: datetime | None,
) -> Decision:
    """Decide to skip the slots of a pause as they pass, so that none of them runs afterwards."""
    why = pause_text(pause)
    if due is None:
        waits = memory.retry is not None or memory.deferral is not None
        again = earliest((after, pause.until)) if waits else after
        return Decision(job, Verdict.PAUSED, reason=why, next=again)
    if memory.retry is not None and memory.retry.slot <= due.newest:
        superseded = memory.retry.slot < due.newest
        why = SUPERSEDED if superseded else why
        missed = missed_before_retry(memory.retry, due, slots)
        return Decision(job, Verdict.CANCEL_RETRY, memory.retry.slot, missed, reason=why)
    missed = missed_before(due, slots)
    return Decision(job, Verdict.SKIP, due.newest, missed, reason=why, cause=PAUSED_CAUSE)


def pause_text(pause: Pause) -> str:
    until = f" until {minute_utc(pause.until)}" if pause.until else ""
    return f"paused{until}{': ' if pause.reason else ''}{pause.reason}"


def _run_oldest(job: Job, due: Due, slots: SlotCache) -> Decision:
    """Decide to run the oldest slot that is not too late."""
    assert due.watermark is not None
    watermark, too_late = due.watermark, None
    if job.max_lateness is not None:
        limit = slots.now - timedelta(seconds=job.max_lateness) - INSTANT
        too_late = slots.missed_range(due.schedule, watermark, limit, due.anchor)
        watermark = too_late.last if too_late else watermark
    slot = slots.following(due.schedule, watermark, due.anchor)
    assert slot is not None
    return Decision(job, Verdict.RUN, slot, too_late=too_late, catch_up=slot < due.newest)


def _run_newest(job: Job, due: Due, slots: SlotCache, grace: timedelta) -> Decision:
    """Decide to run the newest slot in place of all before it, or to skip it if it is too late."""
    missed = missed_before(due, slots)
    late = slots.now - due.newest
    first = due.watermark is None
    if not first and is_too_late(job, late):
        return Decision(job, Verdict.SKIP, due.newest, missed, reason=why_too_late(job, late))
    if not first and job.catch_up is CatchUp.SKIP and late > grace:
        why = "not caught up: catch_up is skip"
        return Decision(job, Verdict.SKIP, due.newest, missed, reason=why)
    caught_up = not first and (missed is not None or due.coalesced > 0 or late > grace)
    return Decision(job, Verdict.RUN, due.newest, missed, catch_up=caught_up)
