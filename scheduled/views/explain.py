"""Why a run is scheduled, when it starts, and what happens if no tick comes: in words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.state.records import Deferral, JobMemory, Retry
from scheduled.timing import slots, window
from scheduled.timing.forms import NICKNAMES
from scheduled.timing.schedule import Boot, Cron, Interval, Once, Recurrence, Schedule
from scheduled.views import days, starts
from scheduled.views.format import span
from scheduled.views.schedule_meaning import is_in_words, meaning
from scheduled.views.snapshot import Snapshot

_FIELDS = ("minute", "hour", "day of the month", "month", "weekday")


def sentences(snapshot: Snapshot, job: Job, slot: datetime) -> Iterator[str]:
    """Yield what there is to say about one upcoming slot, in the order in which it matters."""
    memory = snapshot.record(job.id)
    deferral = memory.deferral
    if deferral is not None and deferral.until == slot and starts.deferred_start(snapshot, job):
        yield from _deferred(snapshot, job, deferral)
    elif memory.retry is not None and starts.retry_start(snapshot, job) == slot:
        yield _retried(memory.retry, job, snapshot)
        return
    else:
        yield from _by_schedule(snapshot, job, slot, memory)
    if job.after:
        verb = "has" if len(job.after) == 1 else "have"
        names = " and ".join(job.after)
        yield f"it starts once {names} {verb} succeeded (after), in the same tick if possible"
    yield from _catch_up(job, slot, snapshot)


def _deferred(snapshot: Snapshot, job: Job, deferral: Deferral) -> Iterator[str]:
    yield f"it was deferred until then{_because(deferral.reason)}"
    start = starts.deferred_start(snapshot, job)
    if start is not None and start != deferral.until:
        yield f"it waits until {snapshot.time(start)}, for a pause or its window to end"


def _retried(retry: Retry, job: Job, snapshot: Snapshot) -> str:
    """`attempt 2 of 4 for the run scheduled for ...: exit code 1`."""
    slot = snapshot.time(retry.slot)
    attempts = job.max_retries + 1 + retry.interruptions
    error = f": {retry.error}" if retry.error else ""
    return f"attempt {retry.attempt} of {attempts} for the run scheduled for {slot}{error}"


def _by_schedule(snapshot: Snapshot, job: Job, slot: datetime, memory: JobMemory) -> Iterator[str]:
    """Yield which words of the schedule this slot comes from, and what the clock does to it."""
    yield from _rule(job, slot, memory, snapshot)
    if moved := days.moved_from(snapshot, job, slot):
        yield moved
    yield from days.left_out_before(snapshot, job, slot)
    changed = slots.clock_change_note(schedule_of(job), slot)
    if changed:
        yield f"clock change: {changed}"
    why = [*starts.skip_reasons(snapshot, job, slot)]
    yield from (f"it will be skipped: {reason}" for reason in why)
    if not why:
        yield from _start(job, slot, snapshot)


def _rule(job: Job, slot: datetime, memory: JobMemory, snapshot: Snapshot) -> Iterator[str]:
    schedule = schedule_of(job)
    match schedule.form:
        case Cron() as cron if not is_in_words(schedule):
            yield _matches(cron, job, schedule, slot)
            yield f"in words: {meaning(schedule)}"
        case Cron() | Recurrence():
            hashed = f" (hashed to {schedule.text})" if schedule.text != job.schedule else ""
            yield f'"{job.schedule}"{hashed} in {schedule.zone}: {meaning(schedule)}'
        case Interval(period):
            length = span(period.total_seconds())
            if memory.anchor is None:
                yield f"every {length}, counted from the tick that first sees the job"
                return
            since = snapshot.time(memory.anchor.replace(second=0, microsecond=0))
            yield f"every {length}, counted from {since}"
        case Once():
            yield f'"{job.schedule}" is a single time'
        case Boot():
            yield "a start of the machine"


def _matches(cron: Cron, job: Job, schedule: Schedule, slot: datetime) -> str:
    """`"*/15 9 * * mon-fri" in Europe/Berlin: minute 45 in */15, hour 9`."""
    wall = slots.intended_wall_time(schedule, slot)
    assert wall is not None
    written = schedule.text.strip().lower().removeprefix("@")
    texts = NICKNAMES.get(written, written).split()
    weekday = wall.isoweekday() % 7
    values = (wall.minute, wall.hour, wall.day, wall.month, weekday)
    sets = (cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays)
    names = (*map(str, values[:-1]), f"{wall:%A}")
    parts = [
        f"{field} {name}" if text == str(value) else f"{field} {name} in {text}"
        for field, name, value, text, matching in zip(
            _FIELDS, names, values, texts, sets, strict=True
        )
        if text != "*" and value in matching
    ]
    hashed = f" (hashed to {schedule.text})" if schedule.text != job.schedule else ""
    return f'"{job.schedule}"{hashed} in {schedule.zone}: {", ".join(parts) or "any minute"}'


def _start(job: Job, slot: datetime, snapshot: Snapshot) -> Iterator[str]:
    delay = start_delay(job)
    start = slot + delay
    if delay:
        when = snapshot.time(start)
        yield f"it starts at {when}: {delay.total_seconds():.0f} s of jitter, always the same"
    opens = window.next_opening(job.window, job.timezone, start) if job.window else None
    if opens is not None:
        yield f"it waits for its window {job.window} until {snapshot.time(opens)}"


def _catch_up(job: Job, slot: datetime, snapshot: Snapshot) -> Iterator[str]:
    """Yield what a tick that comes late does about the slot."""
    start = slot + start_delay(job)
    match job.catch_up:
        case CatchUp.SKIP:
            last = snapshot.time(start + snapshot.late_after)
            yield f"if no tick comes until {last}, it is skipped (catch_up: skip)"
        case CatchUp.LATEST:
            yield "if no tick comes in time, a later run covers all missed (catch_up: latest)"
        case CatchUp.ALL:
            yield "if no tick comes in time, it runs later, the oldest first (catch_up: all)"
    if job.max_lateness is not None:
        last = snapshot.time(start + timedelta(seconds=job.max_lateness))
        yield f"after {last} it is too late for it, and it is skipped (max_lateness)"


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""
