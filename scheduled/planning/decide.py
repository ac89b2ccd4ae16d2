"""What is owed: from jobs, what is remembered about them, and the time, to decisions. Pure.

The rule for one job is `decide`. It is asked twice: for all jobs, to make the tick's plan, and
again for one job once its lock is held and the journal has been read, which is the answer that
counts. Both times it finds the newest slot with one step back from now, however long ago the
last tick was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduled.jobs.model import CatchUp, FirstRun, Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning import active_runs
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import Deferral, JobMemory, Pause, Retry
from scheduled.timing import expression, window
from scheduled.timing.expression import Schedule
from scheduled.timing.slots import MissedRange, is_anchored, origin

INSTANT = timedelta(microseconds=1)
CORRECTION = timedelta(hours=3)
"""A step of the clock larger than this corrects an error, and the new time counts (cron(8))."""

AGEING = timedelta(minutes=10)
"""A slot that has waited this long counts as one priority more urgent, and so on."""

SUSPENDED = "suspended: its retries were used up three times in a row; `scheduled enable` ends that"
SKIPPED_BY_USER = "left out by hand"
PAUSED_CAUSE = "paused"
DEFERRED = "deferred"
"""Why slots passed that came before the end of a deferral."""
SUPERSEDED = "a newer slot is due"
DISABLED_IN_CONFIG = "disabled"
"""The fingerprint of a job that the configuration has disabled: no schedule has it."""
BUDGET_SPENT = "carried over: this tick has caught up on enough"


MemoryOf = Callable[[str], JobMemory]
"""What is remembered about the job of that id."""


@dataclass(frozen=True)
class _Due:
    """A schedule with an unanswered slot: the newest, and where the job's counting stands."""

    schedule: Schedule
    anchor: datetime | None
    newest: datetime
    watermark: datetime | None
    coalesced: int


def is_enabled(job: Job, record: JobMemory) -> bool:
    """What a person said on the command line, else what the configuration says.

    A job that is suspended or cancelled is not enabled until somebody enables it.
    """
    if record.suspended or record.cancelled is not None:
        return False
    return job.enabled if record.enabled is None else record.enabled


def was_disabled_in_config(job: Job, record: JobMemory) -> bool:
    """Whether the configuration has just disabled a job that was met before."""
    return (
        not job.enabled
        and record.enabled is None
        and record.fingerprint not in ("", DISABLED_IN_CONFIG)
        and not record.suspended
    )


def is_off(decision: Decision) -> bool:
    """Whether somebody wants the job not to run now, not even when all jobs are run."""
    return decision.verdict in (Verdict.DISABLED, Verdict.PAUSED) or decision.cause == PAUSED_CAUSE


def decide(job: Job, record: JobMemory, slots: SlotCache, grace: timedelta) -> Decision:
    """What is to be done about `job` at `slots.now`; `grace` is how late is not yet late."""
    decision = _decide(job, record, slots, grace)
    if job.window and decision.verdict is Verdict.RUN:
        return _in_its_window(decision, slots.now)
    return decision


def answered_until(job: Job, record: JobMemory, now: datetime) -> datetime:
    """After which instant slots are still to start: now, or as much earlier as the job's delay."""
    early = now - start_delay(job)
    return max(early, record.watermark) if early < now and record.watermark else early


def _decide(job: Job, record: JobMemory, slots: SlotCache, grace: timedelta) -> Decision:
    """What is to be done about `job`, whatever hour it is."""
    if not is_enabled(job, record):
        return Decision(job, Verdict.DISABLED, reason=_off(record))
    schedule = schedule_of(job)
    record = active_runs.without_active_runs(job, record)
    if record.fingerprint != expression.fingerprint(schedule):
        return _register(job, record, slots)
    anchor = record.anchor if is_anchored(schedule) else None
    if record.watermark is not None and record.watermark > slots.now:
        return _decide_clock_back(job, schedule, record, slots, anchor)
    early = slots.delayed_by(start_delay(job))
    due = _unanswered(schedule, anchor, record, early)
    if record.pause is not None and _holds(record.pause, due, slots):
        after = _next_start(job, schedule, record, slots)
        return _paused(job, record, record.pause, due, early, after)
    if record.deferral is not None:
        return _deferred(job, record, record.deferral, due, slots, grace)
    if record.retry is not None:
        after = _next_start(job, schedule, record, slots)
        return _decide_retry(job, record.retry, due, slots, after)
    if due is None:
        return _rest(job, schedule, record, slots)
    each = job.catch_up is CatchUp.ALL and due.watermark is not None
    if each and not _is_too_late(job, early.now - due.newest):
        decision = _oldest(job, due, early)
    else:
        decision = _newest(job, due, early, grace)
    if decision.slot == record.skip:
        return replace(decision, verdict=Verdict.SKIP, reason=SKIPPED_BY_USER)
    return decision


def blocker(
    job: Job, slot: datetime, others: Mapping[str, Job], record_of: MemoryOf, slots: SlotCache
) -> str | None:
    """The job that has to succeed before `job` may start for `slot`; None if none has to.

    It has succeeded when it did so for its own newest slot at or before `slot`, or a newer one.
    """
    for name in job.after:
        other, record = others.get(name), record_of(name)
        if other is None:
            return name
        schedule = schedule_of(other)
        anchor = record.anchor if is_anchored(schedule) else None
        needed = slots.latest(schedule, slot, anchor)
        done = record.succeeded_slot
        if needed is not None and (done is None or done < needed):
            return name
    return None


def plan(
    jobs: Sequence[Job],
    record_of: MemoryOf,
    slots: SlotCache,
    *,
    grace: timedelta,
    budget: int,
    ticking_since: datetime | None = None,
) -> list[Decision]:
    """A decision a job: what is due first, by priority, then slot, then id; the rest after it.

    Priority rises while a slot waits though ticks come (`ticking_since`), so that a stream of
    urgent jobs starves nobody. At most `budget` runs that catch up; those beyond it are carried
    over to a later tick.
    """
    decisions = [decide(job, record_of(job.id), slots, grace) for job in jobs]
    decisions.sort(key=lambda one: _order(one, slots.now, ticking_since))
    planned: list[Decision] = []
    for decision in decisions:
        if decision.verdict is Verdict.RUN and decision.catch_up:
            budget -= 1
            if budget < 0:
                decision = replace(decision, verdict=Verdict.OVER_BUDGET, reason=BUDGET_SPENT)  # noqa: PLW2901
        planned.append(decision)
    return planned


def next_due(decisions: Iterable[Decision]) -> datetime | None:
    """The earliest slot any of the resting jobs waits for; None where there is none."""
    return min((one.next for one in decisions if one.next is not None), default=None)


def _order(
    decision: Decision, now: datetime, ticking_since: datetime | None
) -> tuple[bool, int, float, str]:
    if decision.slot is None:
        return not decision.is_due, decision.job.priority.rank, 0.0, decision.job.id
    # What passed while nothing ticked has made all of them wait, and favours none; a retry has
    # not waited, it was tried.
    waits_since = max(decision.slot, ticking_since or decision.slot)
    if decision.attempt > 1:
        waits_since = now
    risen = max((now - waits_since) // AGEING, 0)
    rank = max(decision.job.priority.rank - risen, 0)
    return not decision.is_due, rank, decision.slot.timestamp(), decision.job.id


def _register(job: Job, record: JobMemory, slots: SlotCache) -> Decision:
    # Only a job never seen before may run at once: an edit never fires by itself.
    at_once = not record.fingerprint and job.first_run is FirstRun.NOW
    why = "seen for the first time" if not record.fingerprint else "its schedule has changed"
    watermark = None if at_once else counting_start(record, slots.now)
    return Decision(job, Verdict.REGISTER, watermark=watermark, reason=why)


def counting_start(record: JobMemory, now: datetime) -> datetime:
    """Where a job begins to count when it is met: now, but never before what it has answered for.

    That may lie ahead for a while, where the clock was set back.
    """
    known = record.watermark
    return known if known is not None and now < known <= now + CORRECTION else now


def _decide_clock_back(
    job: Job, schedule: Schedule, record: JobMemory, slots: SlotCache, anchor: datetime | None
) -> Decision:
    assert record.watermark is not None
    ahead = record.watermark - slots.now
    if ahead > CORRECTION:
        why = f"its last slot lay {ahead} in the future; the clock was wrong then"
        return Decision(job, Verdict.RESET_WATERMARK, watermark=slots.now, reason=why)
    after = slots.following(schedule, record.watermark, anchor)
    start = after and after + start_delay(job)
    return Decision(
        job, Verdict.NOT_DUE, next=start, reason="the clock went back; it has run already"
    )


def _next_start(
    job: Job, schedule: Schedule, record: JobMemory, slots: SlotCache
) -> datetime | None:
    anchor = record.anchor if is_anchored(schedule) else None
    slot = slots.following(schedule, answered_until(job, record, slots.now), anchor)
    return slot + start_delay(job) if slot is not None else None


def _rest(job: Job, schedule: Schedule, record: JobMemory, slots: SlotCache) -> Decision:
    start = _next_start(job, schedule, record, slots)
    delay = start_delay(job)
    if start is None or start - delay > slots.now:
        return Decision(job, Verdict.NOT_DUE, next=start, reason="not due")
    why = f"starts {delay.total_seconds():.0f} s after its slot (jitter)"
    return Decision(job, Verdict.WAIT, start - delay, reason=why, next=start)


def _in_its_window(decision: Decision, now: datetime) -> Decision:
    """The decision to run, put off until the window opens, or the slot is too late for good."""
    job, slot = decision.job, decision.slot
    opens = window.next_opening(job.window, job.timezone, now)
    if opens is None:
        return decision
    ends = [opens]
    if job.max_lateness is not None and slot is not None:
        start = slot + start_delay(job)
        ends.append(start + timedelta(seconds=job.max_lateness) + INSTANT)
    why = f"outside its window {job.window}"
    end = min(one for one in ends if one > now)
    return Decision(job, Verdict.WAIT, slot, reason=why, next=end)


def _unanswered(
    schedule: Schedule, anchor: datetime | None, record: JobMemory, slots: SlotCache
) -> _Due | None:
    """The slots that wait for an answer; None where there are none."""
    newest, watermark = slots.latest(schedule, None, anchor), record.watermark
    if watermark is None and record.anchor is not None:
        # It is to run at once, for the slot it would have run for had it been known, or, where
        # the counting begins with it, for that beginning. What came later is no first run.
        if newest is None and anchor is not None and anchor <= slots.now:
            newest = origin(anchor)
        if newest is not None and newest > record.anchor:
            watermark = record.anchor
    if newest is None or (watermark is not None and newest <= watermark):
        return None
    return _Due(schedule, anchor, newest, watermark, record.coalesced)


def _decide_retry(
    job: Job, retry: Retry, due: _Due | None, slots: SlotCache, after: datetime | None
) -> Decision:
    """A failed slot is tried again when its time has come, unless a newer one has come first."""
    superseded = due is not None and due.newest > retry.slot and job.catch_up is not CatchUp.ALL
    if superseded:
        return Decision(job, Verdict.CANCEL_RETRY, retry.slot, reason=SUPERSEDED)
    if slots.now < retry.at:
        upcoming = min((one for one in (after, retry.at) if one is not None), default=None)
        return Decision(
            job, Verdict.NOT_DUE, retry.slot, reason="waits for its retry", next=upcoming
        )
    return Decision(job, Verdict.RUN, retry.slot, catch_up=retry.catch_up, attempt=retry.attempt)


def _off(record: JobMemory) -> str:
    """Why a job that is not enabled is not."""
    if record.cancelled is not None:
        return f"cancelled{': ' if record.cancelled else ''}{record.cancelled}"
    return SUSPENDED if record.suspended else "disabled"


def _deferred(
    job: Job,
    record: JobMemory,
    deferral: Deferral,
    due: _Due | None,
    slots: SlotCache,
    grace: timedelta,
) -> Decision:
    """It runs once at the end of the deferral, for all that passed meanwhile, and not before."""
    until = deferral.until
    if slots.now < until:
        why = f"deferred until {until:%Y-%m-%d %H:%M} UTC"
        why += f": {deferral.reason}" if deferral.reason else ""
        verdict = Verdict.NOT_DUE if due is None else Verdict.WAIT
        return Decision(job, verdict, due.newest if due else None, reason=why, next=until)
    if record.retry is not None and record.retry.slot < until:
        return Decision(job, Verdict.CANCEL_RETRY, record.retry.slot, reason=SUPERSEDED)
    schedule = schedule_of(job)
    anchor = record.anchor if is_anchored(schedule) else None
    if record.retry is not None:
        return _decide_retry(
            job, record.retry, due, slots, slots.following(schedule, until, anchor)
        )
    newest = max(until, due.newest) if due and job.catch_up is not CatchUp.ALL else until
    watermark = due.watermark if due else record.watermark
    end = _Due(schedule, anchor, newest, watermark, record.coalesced)
    late = slots.now - newest > grace  # what was put off on purpose is not caught up
    return replace(_newest(job, end, slots, grace), catch_up=late, cause=DEFERRED)


def _holds(pause: Pause, due: _Due | None, slots: SlotCache) -> bool:
    """Whether the job is paused now, or was when the slot came that is due."""
    return pause.covers(slots.now) or (due is not None and pause.covers(due.newest))


def _paused(
    job: Job,
    record: JobMemory,
    pause: Pause,
    due: _Due | None,
    slots: SlotCache,
    after: datetime | None,
) -> Decision:
    """In a pause slots end as they come, so that none of them is run afterwards."""
    why = _in_words(pause)
    if due is None:
        return Decision(job, Verdict.PAUSED, reason=why, next=after)
    if record.retry is not None and record.retry.slot < due.newest:
        return Decision(job, Verdict.CANCEL_RETRY, record.retry.slot, reason=SUPERSEDED)
    missed = _before(due, slots)
    return Decision(job, Verdict.SKIP, due.newest, missed, reason=why, cause=PAUSED_CAUSE)


def _in_words(pause: Pause) -> str:
    until = f" until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else ""
    return f"paused{until}{': ' if pause.reason else ''}{pause.reason}"


def _oldest(job: Job, due: _Due, slots: SlotCache) -> Decision:
    """Each slot in turn, oldest first, leaving out in one go those that are too late."""
    assert due.watermark is not None
    watermark, too_late = due.watermark, None
    if job.max_lateness is not None:
        limit = slots.now - timedelta(seconds=job.max_lateness) - INSTANT
        too_late = slots.missed_range(due.schedule, watermark, limit, due.anchor)
        watermark = too_late.last if too_late else watermark
    slot = slots.following(due.schedule, watermark, due.anchor)
    assert slot is not None
    return Decision(job, Verdict.RUN, slot, too_late=too_late, catch_up=slot < due.newest)


def _newest(job: Job, due: _Due, slots: SlotCache, grace: timedelta) -> Decision:
    """The newest slot answers for all before it."""
    missed = _before(due, slots)
    late = slots.now - due.newest
    first = due.watermark is None
    if not first and _is_too_late(job, late):
        assert job.max_lateness is not None
        why = f"too late: {late.total_seconds():.0f} s, at most {job.max_lateness:.0f} s"
        return Decision(job, Verdict.SKIP, due.newest, missed, reason=why)
    if not first and job.catch_up is CatchUp.SKIP and late > grace:
        return Decision(
            job, Verdict.SKIP, due.newest, missed, reason="not caught up: catch_up is skip"
        )
    caught_up = not first and (missed is not None or due.coalesced > 0 or late > grace)
    return Decision(job, Verdict.RUN, due.newest, missed, catch_up=caught_up)


def _before(due: _Due, slots: SlotCache) -> MissedRange | None:
    """The unanswered slots before the newest; None where there are none."""
    if due.watermark is None:
        return None
    return slots.missed_range(due.schedule, due.watermark, due.newest - INSTANT, due.anchor)


def _is_too_late(job: Job, late: timedelta) -> bool:
    return job.max_lateness is not None and late.total_seconds() > job.max_lateness
