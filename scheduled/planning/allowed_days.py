"""Jobs that run on certain days only: what is left out, starts that wait, changed days (pure).

A slot belongs to its own day, as the schedule names it. What is left out ends as skipped when its
time comes. What starts late (a missed run, a retry, the first run of a job) must not start on a day
that is not allowed either: it waits for the next one.

When `not_on`, `only_on`, `move` or a calendar change, no run starts because of it: slots that would
have passed by now are on record as missed, but for those that were due anyway, and for that of a
job that runs once. So that the slots before the change are known, the state keeps the days.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from scheduled.jobs.model import Job, Move
from scheduled.jobs.schedule import day_rule_of, schedule_of, start_delay
from scheduled.planning.decision import LEFT_OUT, Decision, Opening, Verdict
from scheduled.planning.due import earliest, schedule_for
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import days_of, has_days
from scheduled.quick_classes import replace
from scheduled.state import day_events, events
from scheduled.state.journal import Event
from scheduled.state.records import JobMemory
from scheduled.timing import day_rule, on_days, slot_days
from scheduled.timing import slots as instants
from scheduled.timing.day_words import name_of
from scheduled.timing.schedule import Schedule
from scheduled.timing.slots import MissedRange, is_anchored
from scheduled.timing.timezones import INSTANT, wall_time

CHANGED = "its days were changed"
"""The cause of slots that passed by the days that a job has now, and not by those it had."""
WHY = "the days on which it runs have changed"
"""How the reason begins of a decision to wait for a day."""
MOST = 366
"""So many days of left-out slots are recorded one by one."""
MOST_DUE = 100
"""So many days with slots are looked at for one that was due by the days before."""


def before_change(schedule: Schedule, memory: JobMemory) -> Schedule:
    """Return a schedule with the days that are on record."""
    return replace(schedule, days=day_rule.read(memory.days))


def decide_left_out(
    job: Job, schedule: Schedule, memory: JobMemory, slots: SlotCache
) -> Decision | None:
    """Return the decision to record that slots are left out; None if none have passed."""
    other, watermark = slot_days.left_out(schedule), memory.watermark
    if other is None or watermark is None:
        return None
    if memory.deferral is not None and memory.deferral.until <= slots.now:
        return None  # a person wants a run now; what is left out can wait
    anchor = memory.anchor if is_anchored(schedule) else None
    newest = slots.latest(other, None, anchor)
    if newest is None or newest <= watermark:
        return None
    reason = schedule.days.reason(slot_days.day_of(other, newest))
    return Decision(job, Verdict.SKIP, newest, reason=reason, cause=LEFT_OUT)


def with_left_out(decision: Decision, memory: JobMemory, slots: SlotCache) -> Decision:
    """Return a decision about a job that is not due, made again when a slot is to be left out."""
    job = decision.job
    schedule = schedule_for(job, memory, slots.now)
    other = slot_days.left_out(schedule)
    if other is None or memory.watermark is None:
        return decision
    anchor, delay = memory.anchor if is_anchored(schedule) else None, start_delay(job)
    after = slots.following(other, max(slots.now - delay, memory.watermark), anchor)
    wake = earliest((decision.next, after and after + delay))
    if wake == decision.next:
        return decision
    starts = decision.next
    return replace(decision, next=wake, starts=starts, starts_never=starts is None)


def wait(decision: Decision, slots: SlotCache, grace: timedelta) -> Decision:
    """Return a decision to wait for a day on which the job runs, if today is none.

    A start within `grace` of its slot belongs to the day of that.
    """
    job, slot, now = decision.job, decision.slot, slots.now
    assert slot is not None
    rule, today = day_rule_of(job), wall_time(now, job.timezone).toordinal()
    delay = start_delay(job)
    is_on_time = decision.attempt == 1 and slot + delay <= now <= slot + delay + grace
    if rule.allows(today) or is_on_time:
        return decision
    opens = rule.following(today)
    start = on_days.instant(opens, time(), job.timezone) if opens is not None else None
    ends = [start]
    if job.max_lateness is not None:
        ends.append(slot + delay + timedelta(seconds=job.max_lateness) + INSTANT)
    end = earliest(instant for instant in ends if instant is not None and instant > now)
    why = f"waits{_until(opens)}: {rule.reason(today)}"
    return Decision(job, Verdict.WAIT, slot, reason=why, opening=Opening.DAY, next=end)


def _until(day: int | None) -> str:
    return f" until {name_of(day)}" if day is not None else ""


def opening(job: Job, start: datetime, slot: datetime) -> datetime | None:
    """Return when a start for `slot` comes to a day on which the job runs; None: it is on one."""
    if not (job.not_on or job.only_on) or start <= slot + start_delay(job):
        return None
    rule, day = day_rule_of(job), wall_time(start, job.timezone).toordinal()
    opens = None if rule.allows(day) else rule.following(day)
    return on_days.instant(opens, time(), job.timezone) if opens is not None else None


def after_time_on(job: Job, since: datetime, length: timedelta) -> datetime:
    """Return when so much time has passed since an instant on days on which a job runs."""
    rule, zone = day_rule_of(job), job.timezone
    for _ in range(day_rule.FARTHEST):
        day = wall_time(since, zone).toordinal()
        end = on_days.instant(day + 1, time(), zone)
        if rule.allows(day):
            if since + length <= end:
                break
            length -= end - since
        since = end
    return since + length


def never_runs(job: Job, now: datetime) -> str:
    """Return why the days of a job leave it no run, if they do; else ''."""
    if not (job.not_on or job.only_on):
        return ""
    rule, schedule = day_rule_of(job), schedule_of(job)
    words = " and ".join(key for key, words in _words(job) if words)
    if rule.following(wall_time(now, job.timezone).toordinal() - 1) is None:
        return f"{words}: no day is left in the next five years; it would never run"
    bare = replace(schedule, days=None)
    slot = instants.following(bare, now, now)
    if schedule.kind == "reboot" or slot is None or instants.following(schedule, now, now):
        return ""
    if schedule.kind == "once" and job.move is not Move.SKIP:
        return "move: the day to which its only time is moved has passed; it would never run"
    if schedule.kind == "once":
        reason = rule.reason(slot_days.day_of(bare, slot))
        return f"its only time is on a day on which it does not run ({reason}); it would never run"
    return f"{words}: none of its times is on a day that is left; it would never run"


def without_effect(job: Job) -> str:
    """Return why `move` does nothing for a job that has it, if so; else ''."""
    if job.move is Move.SKIP:
        return ""
    if not (job.not_on or job.only_on):
        return "move: has no effect without not_on or only_on"
    if slot_days.left_out(schedule_of(job)) is not None:
        is_boot = schedule_of(job).kind == "reboot"
        what = "a start of the machine" if is_boot else "a period shorter than a day"
        return f"move: has no effect with {what}; on other days its runs are skipped"
    return ""


def _words(job: Job) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("not_on", job.not_on), ("only_on", job.only_on)


def moved_from(job: Job, memory: JobMemory, slot: datetime) -> str:
    """Return the day from which a slot was moved, `2026-12-25`; '' if it was not."""
    day = slot_days.moved_from(schedule_of(job), slot, memory.anchor or slot)
    return name_of(day) if day is not None else ""


def left_out_before(decision: Decision, memory: JobMemory, slots: SlotCache) -> list[Event]:
    """Return the events of the slots that were left out before the one decided about."""
    job, slot, watermark = decision.job, decision.slot, memory.watermark
    if not (job.not_on or job.only_on) or slot is None or watermark is None:
        return []
    return left_out_between(job, memory, watermark, slot - INSTANT, slots)


def left_out_between(
    job: Job, memory: JobMemory, after: datetime, until: datetime, slots: SlotCache
) -> list[Event]:
    """Return the events of the slots that are left out in the half-open (after, until]."""
    schedule = schedule_of(job)
    anchor = memory.anchor if is_anchored(schedule) else None
    return [
        day_events.slots_left_out(job.id, part, reason)
        for part, reason in _by_day(schedule, after, until, anchor, slots)
    ]


def _by_day(
    schedule: Schedule,
    after: datetime,
    until: datetime,
    anchor: datetime | None,
    slots: SlotCache,
) -> Iterator[tuple[MissedRange, str]]:
    """Yield the slots of each day that are left out, and why."""
    other = slot_days.left_out(schedule)
    slot = slots.following(other, after, anchor) if other is not None else None
    for count in range(MOST):
        if other is None or slot is None or slot > until:
            return
        day = slot_days.day_of(other, slot)
        end = on_days.instant(day + 1, time(), schedule.zone) - INSTANT
        end = until if count == MOST - 1 else min(max(end, slot), until)
        part = slots.missed_range(other, slot - INSTANT, end, anchor)
        assert part is not None
        yield part, schedule.days.reason(day)
        slot = slots.following(other, part.last, anchor)


def change(job: Job, memory: JobMemory, slots: SlotCache, begin: datetime) -> list[Event]:
    """Return the events that give a job the days it has now, which were changed at `begin`."""
    if has_days(job, memory, slots.now):
        return []
    event = day_events.days_changed(job.id, days_of(job, slots.now))
    new, watermark = schedule_of(job), memory.watermark
    old = before_change(new, memory)
    begin = min(begin, slots.now)
    anchor = memory.anchor if is_anchored(new) else None
    if new.kind in ("once", "reboot") or watermark is None or watermark >= begin:
        return [event]
    passed = slots.missed_range(new, watermark, begin, anchor)
    if passed is None or _is_due_anyway(old, new, watermark, begin, anchor, slots):
        return [event]
    before = left_out_between(job, memory, watermark, passed.last, slots)
    missed = events.slots_missed(job.id, passed, CHANGED)
    return [*in_order([*before, *missed]), event]


def _is_due_anyway(
    old: Schedule,
    new: Schedule,
    after: datetime,
    until: datetime,
    anchor: datetime | None,
    slots: SlotCache,
) -> bool:
    """Return whether a slot has passed by the days before as well as by those now."""
    slot = slots.latest(old, until, anchor)
    days: set[int] = set()
    while slot is not None and slot > after and len(days) <= MOST_DUE:
        moved = slot_days.by_other_days(old, new, slot, anchor or slots.now)
        if moved is not None and after < moved <= until:
            return True
        day = wall_time(slot, old.zone).toordinal()
        days.add(day)
        # Of a day that is left out now, so are all its slots, unless they come from several days.
        is_over = moved is None and (old.days is None or old.days.move == day_rule.SKIP)
        before = on_days.instant(day, time(), old.zone) if is_over else slot
        slot = slots.latest(old, min(before, slot) - INSTANT, anchor)
    return False


def left_out(decision: Decision) -> list[Event]:
    """Return the event of the slot decided about, on whose day the job does not run."""
    assert decision.slot is not None
    alone = MissedRange(decision.slot, decision.slot, 1)
    return [day_events.slots_left_out(decision.job.id, alone, decision.reason)]


def in_order(events_: Iterable[Event]) -> list[Event]:
    """Return events of slots that ended without a run by the last of their slots."""
    return sorted(events_, key=lambda event: str(event.get("last") or event.get("slot") or ""))
