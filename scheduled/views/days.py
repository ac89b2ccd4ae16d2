"""What the days on which a job runs mean for a slot, in words: left out, moved, or waiting."""

from collections.abc import Iterator
from datetime import datetime

from scheduled.jobs.model import Job, Move
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import allowed_days
from scheduled.quick_classes import replace
from scheduled.timing import slot_days, slots
from scheduled.timing.day_words import name_of
from scheduled.timing.schedule import Schedule
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT
from scheduled.views.format import clock
from scheduled.views.snapshot import Snapshot

MOST = 5
"""So many slots that are left out are named."""


def moved_from(snapshot: Snapshot, job: Job, slot: datetime) -> str:
    """Return `moved from 2026-12-25 (not_on: off, 2026-12-25)`; '' if the slot is not moved."""
    if job.move is Move.SKIP:
        return ""
    schedule, anchor = schedule_of(job), snapshot.record(job.id).anchor or snapshot.now
    day = slot_days.moved_from(schedule, slot, anchor)
    if day is None:
        return ""
    return f"moved from {name_of(day)} ({schedule.days.reason(day)})"


def moved_away(snapshot: Snapshot, job: Job, at: datetime, slot: datetime | None) -> str:
    """Return where the newest slot at or before `at` was moved, if it is newer than `slot`."""
    if job.move is Move.SKIP:
        return ""
    schedule, anchor = schedule_of(job), snapshot.record(job.id).anchor or snapshot.now
    moved = slot_days.moved_away(schedule, at, anchor)
    if moved is None or (slot is not None and moved[0] <= slot):
        return ""
    source, target = (clock(instant, snapshot.now, snapshot.zone) for instant in moved)
    reason = schedule.days.reason(slot_days.day_of(_bare(job), moved[0]))
    return f"the run scheduled for {source} is moved to {target}: {reason}"


def latest_left_out(snapshot: Snapshot, job: Job, at: datetime) -> datetime | None:
    """Return the newest slot at or before `at` that is left out; None if there is none."""
    if not (job.not_on or job.only_on):
        return None
    other = slot_days.left_out(schedule_of(job))
    anchor = snapshot.record(job.id).anchor or snapshot.now
    return slots.latest(other, at, anchor) if other is not None else None


def reason(job: Job, slot: datetime) -> str:
    """Return why nothing runs for a slot on its day; '' if that is not so."""
    if not (job.not_on or job.only_on):
        return ""
    schedule = schedule_of(job)
    day = slot_days.day_of(_bare(job), slot)
    if schedule.days.allows(day) or slot_days.left_out(schedule) is None:
        return ""
    text: str = schedule.days.reason(day)
    return text


def left_out_before(snapshot: Snapshot, job: Job, slot: datetime) -> Iterator[str]:
    """Yield which slots from now to `slot`, or since the one before, are left out, and why."""
    other = slot_days.left_out(schedule_of(job)) if job.not_on or job.only_on else None
    if other is None:
        return
    anchor = snapshot.record(job.id).anchor if is_anchored(other) else None
    before = snapshot.slots.latest(schedule_of(job), slot - INSTANT, anchor)
    since = max(snapshot.now, before or snapshot.now)
    missing = snapshot.slots.following(other, since, anchor)
    for _ in range(MOST):
        if missing is None or missing >= slot:
            return
        when = clock(missing, snapshot.now, snapshot.zone)
        yield f"left out before it: {when} ({reason(job, missing)})"
        missing = snapshot.slots.following(other, missing, anchor)
    if missing is not None and missing < slot:
        yield "and more are left out before it"


def opening(snapshot: Snapshot, job: Job, slot: datetime, start: datetime) -> datetime | None:
    """Return when a slot that has passed may start, if its job does not run today; else None."""
    if slot > snapshot.now:
        return None
    return allowed_days.opening(job, max(start, snapshot.now), slot)


def _bare(job: Job) -> Schedule:
    return replace(schedule_of(job), days=None)
