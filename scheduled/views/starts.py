"""When the runs of upcoming slots start: later, as a retry, or not at all."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning import decide
from scheduled.planning.due import is_too_late
from scheduled.timing import window
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT
from scheduled.views import days
from scheduled.views.snapshot import Snapshot


def retry_start(snapshot: Snapshot, job: Job) -> datetime | None:
    """Return when the next attempt for a slot starts; None if none is to come later."""
    retry = snapshot.record(job.id).retry
    start = snapshot.next_start(job) if retry is not None else None
    if retry is None or start is None or start.slot != retry.slot:
        return None
    return start.at if start.at > snapshot.now else None


def deferred_start(snapshot: Snapshot, job: Job) -> datetime | None:
    """Return when a deferred run starts; None if there is none, or it falls into a pause.

    At the end of the pause it starts, unless a slot was skipped after it.
    """
    memory = snapshot.record(job.id)
    if memory.deferral is None:
        return None
    start = until = memory.deferral.until
    if memory.pause is not None and memory.pause.covers(until):
        end = memory.pause.until
        schedule = schedule_of(job)
        anchor = memory.anchor if is_anchored(schedule) else None
        skipped = snapshot.slots.following(schedule, until - INSTANT, anchor)
        if end is None or (skipped is not None and skipped < end):
            return None
        start = end
    start = opening(snapshot, job, start) or start
    return None if _comes_too_late(snapshot, job, start - until) else start


def skip_reasons(snapshot: Snapshot, job: Job, slot: datetime) -> Iterator[str]:
    """Yield why nothing will run for an upcoming slot; nothing if something will."""
    memory = snapshot.record(job.id)
    if memory.skip == slot:
        yield decide.SKIPPED_BY_USER
    if memory.pause is not None and memory.pause.covers(slot):
        yield f"paused{': ' if memory.pause.reason else ''}{memory.pause.reason}"
    if left_out := days.reason(job, slot):
        yield left_out
    start = slot + start_delay(job)
    opens = opening(snapshot, job, start)
    if opens is not None and _comes_too_late(snapshot, job, opens - start):
        yield f"too late when its window {job.window} opens"


def opening(snapshot: Snapshot, job: Job, start: datetime) -> datetime | None:
    """Return when the window opens for a start at that time; None if it is open then."""
    if not job.window:
        return None
    return window.next_opening(job.window, job.timezone, max(start, snapshot.now))


def _comes_too_late(snapshot: Snapshot, job: Job, late: timedelta) -> bool:
    """Return whether a run that waited so long is skipped by then."""
    is_caught_up = job.catch_up is not CatchUp.SKIP or late < snapshot.late_after
    return not is_caught_up or is_too_late(job, late)
