"""Which slots of a schedule are due, and which of them are too late (pure)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduled.errors import ScheduleError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.slot_cache import SlotCache
from scheduled.quick_classes import dataclass, replace
from scheduled.state.records import JobMemory
from scheduled.timing import expression
from scheduled.timing.fingerprint import WITHIN
from scheduled.timing.schedule import Schedule, origin
from scheduled.timing.slots import MissedRange, is_anchored
from scheduled.timing.timezones import INSTANT


@dataclass(frozen=True)
class Due:
    """A due schedule: its newest slot, and after which slot the unanswered ones begin."""

    schedule: Schedule
    anchor: datetime | None
    newest: datetime
    watermark: datetime | None
    coalesced: int


def schedule_for(job: Job, memory: JobMemory, now: datetime) -> Schedule:
    """Return the schedule of a job, without slots for which `max_runs` leaves no run."""
    schedule = schedule_of(job)
    if job.max_runs is None:
        return schedule
    from scheduled.planning import run_limit

    return run_limit.bounded(schedule, job, memory, now)


def due_slots(
    schedule: Schedule, anchor: datetime | None, memory: JobMemory, slots: SlotCache
) -> Due | None:
    """Return the slots for which nothing has run; None if there are none."""
    newest, watermark = slots.latest(schedule, None, anchor), memory.watermark
    if watermark is None and memory.anchor is not None:
        # A new job is to run at once: for the newest slot before its registration or, if its
        # slots are counted from there, for that minute. A slot that came later is an ordinary one.
        if newest is None and anchor is not None and anchor <= slots.now:
            newest = origin(anchor)
            if schedule.bounds is not None and not schedule.bounds.include(newest):
                newest = None
        if newest is not None and newest > memory.anchor:
            watermark = memory.anchor
    if newest is None or (watermark is not None and newest <= watermark):
        return None
    return Due(schedule, anchor, newest, watermark, memory.coalesced)


def missed_before(due: Due, slots: SlotCache) -> MissedRange | None:
    """Return the due slots before the newest; None if there are none."""
    if due.watermark is None:
        return None
    return slots.missed_range(due.schedule, due.watermark, due.newest - INSTANT, due.anchor)


def missed_since(
    since: datetime | None, until: datetime, memory: JobMemory, slots: SlotCache
) -> MissedRange | None:
    """Return the slots after `since` and up to `until`; None if there are none."""
    if memory.schedule is None or since is None or since >= until:
        return None
    try:
        schedule = expression.parse(*memory.schedule)
    except ScheduleError:
        return None  # written by a version that accepted more schedules than this one
    if memory.max_runs is not None and memory.run_count >= memory.max_runs:
        return None  # it has had all its runs
    meaning = memory.meaning or memory.fingerprint
    if WITHIN in meaning:
        from scheduled.timing import bounds

        limits = bounds.in_fingerprint(meaning, schedule.zone)
        schedule = replace(schedule, bounds=limits)
    if memory.days:
        from scheduled.timing import day_rule

        schedule = replace(schedule, days=day_rule.read(memory.days))
    anchor = memory.anchor if is_anchored(schedule) else None
    return slots.missed_range(schedule, since, until, anchor)


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def why_too_late(job: Job, late: timedelta) -> str:
    return f"too late: {late.total_seconds():.0f} s, at most {job.max_lateness:.0f} s"


def is_too_late(job: Job, late: timedelta) -> bool:
    return job.max_lateness is not None and late.total_seconds() > job.max_lateness
