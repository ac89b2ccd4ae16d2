"""The upcoming slots: of one job, or of all of them together."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import may_finish, schedule_of, start_delay
from scheduled.planning import decide
from scheduled.planning.decision import Verdict
from scheduled.planning.due import schedule_for
from scheduled.quick_classes import replace
from scheduled.state.present import CORRECTION
from scheduled.timing import pitfalls, slots, window
from scheduled.timing.instants import format_utc
from scheduled.timing.schedule import Schedule
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT, zone_info
from scheduled.views import days, starts, wording
from scheduled.views.snapshot import Snapshot


def of_job(snapshot: Snapshot, job: Job, count: int, *, explain: bool = False) -> dict[str, Any]:
    """Return `next JOB --json`: the first `count` slots after now; none for a job that is disabled.

    `explain` adds to each a list of sentences that say why it is there.
    """
    upcoming = islice(_following(snapshot, job), count)
    return {
        "job": job.id,
        "timezone": job.timezone,
        "next": [_explained(snapshot, job, slot, explain=explain) for slot in upcoming],
        "finished": finished(replace(snapshot, jobs=(job,)), every=True),
    }


def of_all(snapshot: Snapshot, count: int, *, explain: bool = False) -> dict[str, Any]:
    """Return `next --json`: the first `count` slots of all jobs together, each with its job."""
    return {
        "job": None,
        "timezone": str(snapshot.zone),
        "next": [
            {"job": job.id, **_explained(snapshot, job, slot, explain=explain)}
            for slot, job in _merged(snapshot, count)
        ],
        "finished": finished(snapshot),
    }


def of_each(snapshot: Snapshot, count: int | None, *, explain: bool = False) -> dict[str, Any]:
    """Return the next run of each job that has one, the soonest first, at most `count`."""
    firsts = [
        (slot, job) for job in snapshot.jobs if (slot := next(_following(snapshot, job), None))
    ]
    firsts.sort(key=lambda first: (first[0], first[1].id))
    return {
        "job": None,
        "timezone": str(snapshot.zone),
        "next": [
            {"job": job.id, "timezone": job.timezone}
            | _explained(snapshot, job, slot, explain=explain)
            for slot, job in firsts[:count]
        ],
        "finished": finished(snapshot),
    }


def finished(snapshot: Snapshot, *, every: bool = False) -> list[dict[str, Any]]:
    """Return the finished jobs that are still listed, or all of them, the last first."""
    if not any(may_finish(job) for job in snapshot.jobs):
        return []
    from scheduled.views import finished_jobs

    return finished_jobs.rows(snapshot, every=every)


def of_schedule(schedule: Schedule, now: datetime, count: int, *, explain: bool) -> dict[str, Any]:
    """Return `next SCHEDULE --json`: what it means, and when a job that is new now would run."""
    from scheduled.views.schedule_meaning import meaning

    said = meaning(schedule)
    upcoming = islice(slots.between(schedule, now, slots.LAST, now), count)
    rows = [
        {
            "slot": format_utc(slot),
            "local": slot.astimezone(zone_info(schedule.zone)).isoformat(),
            "note": slots.clock_change_note(schedule, slot),
        }
        for slot in upcoming
    ]
    return {
        "job": None,
        "schedule": schedule.text,
        "in_words": said,
        "warnings": [*pitfalls.warnings(schedule)],
        "timezone": schedule.zone,
        "next": [row | ({"explain": [said]} if explain else {}) for row in rows],
    }


def _explained(snapshot: Snapshot, job: Job, slot: datetime, *, explain: bool) -> dict[str, Any]:
    entry = _entry(snapshot, job, slot)
    if not explain:
        return entry
    from scheduled.views.explain import sentences

    return entry | {"explain": [*sentences(snapshot, job, slot)]}


def _merged(snapshot: Snapshot, count: int) -> Iterator[tuple[datetime, Job]]:
    streams = [_following(snapshot, job) for job in snapshot.jobs]
    # Only the head of each stream is computed, however many jobs there are.
    heads = [
        (slot, number)
        for number, stream in enumerate(streams)
        if (slot := next(stream, None)) is not None
    ]
    heapq.heapify(heads)
    for _ in range(count):
        if not heads:
            return
        slot, number = heapq.heappop(heads)
        yield slot, snapshot.jobs[number]
        after = next(streams[number], None)
        if after is not None:
            heapq.heappush(heads, (after, number))


def _following(snapshot: Snapshot, job: Job) -> Iterator[datetime]:
    """Yield the retry or deferral that comes next, if any, then the slots that it has runs for."""
    memory = snapshot.record(job.id)
    if not decide.is_enabled(job, memory):
        return iter(())
    if job.max_runs is None:
        return _all_following(snapshot, job)
    from scheduled.planning import run_limit

    number = run_limit.left(job, memory)
    more = (memory.retry is not None) + (memory.deferral is not None)
    is_due = snapshot.decision(job).verdict is Verdict.RUN
    return islice(_all_following(snapshot, job), max(number - is_due, 0) + more)


def _all_following(snapshot: Snapshot, job: Job) -> Iterator[datetime]:
    memory = snapshot.record(job.id)
    schedule = schedule_for(job, memory, snapshot.now)
    anchor = memory.anchor if is_anchored(schedule) else None
    slot: datetime | None = decide.answered_until(job, memory, snapshot.now)
    retry = starts.retry_start(snapshot, job)
    if retry is not None:
        yield retry
    elif memory.retry is not None and snapshot.next_run(job) is None:
        return  # the end of this retry suspends the job
    elif memory.deferral is None and (job.window or job.not_on or job.only_on):
        yield from _waiting(snapshot, job)
    if memory.deferral is not None:
        slot = memory.deferral.until - INSTANT
        if starts.deferred_start(snapshot, job) is not None:
            slot = memory.deferral.until
            yield slot
    if (
        memory.watermark is not None
        and snapshot.now < memory.watermark <= snapshot.now + CORRECTION
    ):
        slot = memory.watermark  # the clock went back: what has run does not run again
    while slot is not None:
        slot = snapshot.slots.following(schedule, slot, anchor)
        if slot is not None:
            yield slot


def _waiting(snapshot: Snapshot, job: Job) -> Iterator[datetime]:
    """Yield the slot that has passed and waits for a day or the window of its job, if any does."""
    decision = snapshot.decision(job)
    is_closed = decision.opening is not None
    if is_closed and decision.slot is not None and decision.slot <= snapshot.now:
        yield decision.slot


def _entry(snapshot: Snapshot, job: Job, slot: datetime) -> dict[str, Any]:
    return {
        "slot": format_utc(slot),
        "local": _local(job, slot),
        "note": "; ".join(_notes(snapshot, job, slot)),
    }


def _notes(snapshot: Snapshot, job: Job, slot: datetime) -> Iterator[str]:
    """Yield what a clock change does to the slot, and why its run starts later, or not at all."""
    memory = snapshot.record(job.id)
    deferral, start = memory.deferral, starts.deferred_start(snapshot, job)
    if deferral is not None and deferral.until == slot and start is not None:
        yield f"deferred{': ' if deferral.reason else ''}{deferral.reason}"
        if start != slot:
            yield f"starts at {_local(job, start)}"
        return
    if memory.retry is not None and starts.retry_start(snapshot, job) == slot:
        yield f"attempt {memory.retry.attempt}: {memory.retry.error or 'interrupted'}"
        return
    why = [*starts.skip_reasons(snapshot, job, slot)]
    yield from (f"will be skipped: {wording.printed(reason)}" for reason in why)
    notes = (days.moved_from(snapshot, job, slot), slots.clock_change_note(schedule_of(job), slot))
    yield from filter(None, notes)
    delay, retry = start_delay(job), starts.retry_start(snapshot, job)
    if retry is not None and job.catch_up is CatchUp.ALL and slot + delay < retry and not why:
        yield f"waits for a retry: starts at {_local(job, retry)}"  # the slots run in order
        return
    if delay:
        yield f"starts at +{_short(delay)} (jitter)"
    opens = starts.opening(snapshot, job, slot + delay)
    if opens is not None and not why:
        yield f"{window.closed(job.window)}: starts at {_local(job, opens)}"
    elif (start := days.opening(snapshot, job, slot, slot + delay)) is not None and not why:
        yield f"not on this day: starts at {_local(job, start)}"


def _local(job: Job, instant: datetime) -> str:
    return instant.astimezone(zone_info(job.timezone)).isoformat()


def _short(delay: timedelta) -> str:
    """`3m12s`, `2h5m`, `40s`: what is not zero."""
    minutes, seconds = divmod(int(delay.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
