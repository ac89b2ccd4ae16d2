"""The upcoming slots: of one job, or of all of them together."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning import decide
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.present import CORRECTION
from scheduled.timing import slots, window
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import zone_info
from scheduled.views import wording
from scheduled.views.snapshot import Snapshot


def of_job(snapshot: Snapshot, job: Job, count: int, *, explain: bool = False) -> dict[str, Any]:
    """Return `next JOB --json`: the first `count` slots after now; none for a job that is disabled.

    `explain` adds to each a list of sentences that say why it is there.
    """
    upcoming = islice(_following(snapshot, job, SlotCache.at(snapshot.now)), count)
    return {
        "job": job.id,
        "timezone": job.timezone,
        "next": [_explained(snapshot, job, slot, explain=explain) for slot in upcoming],
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
    }


def _explained(snapshot: Snapshot, job: Job, slot: datetime, *, explain: bool) -> dict[str, Any]:
    entry = _entry(snapshot, job, slot)
    if not explain:
        return entry
    from scheduled.views.explain import sentences

    return entry | {"explain": [*sentences(snapshot, job, slot)]}


def _merged(snapshot: Snapshot, count: int) -> Iterator[tuple[datetime, Job]]:
    cache = SlotCache.at(snapshot.now)
    streams = [_following(snapshot, job, cache) for job in snapshot.jobs]
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


def _following(snapshot: Snapshot, job: Job, cache: SlotCache) -> Iterator[datetime]:
    memory = snapshot.record(job.id)
    if not decide.is_enabled(job, memory):
        return
    schedule = schedule_of(job)
    anchor = memory.anchor if is_anchored(schedule) else None
    slot: datetime | None = decide.answered_until(job, memory, snapshot.now)
    if memory.deferral is not None:
        slot = memory.deferral.until
        yield slot
    if (
        memory.watermark is not None
        and snapshot.now < memory.watermark <= snapshot.now + CORRECTION
    ):
        slot = memory.watermark  # the clock went back: what has run does not run again
    while slot is not None:
        slot = cache.following(schedule, slot, anchor)
        if slot is not None:
            yield slot


def _entry(snapshot: Snapshot, job: Job, slot: datetime) -> dict[str, Any]:
    return {
        "slot": format_utc(slot),
        "local": slot.astimezone(zone_info(job.timezone)).isoformat(),
        "note": "; ".join(_notes(snapshot, job, slot)),
    }


def _notes(snapshot: Snapshot, job: Job, slot: datetime) -> Iterator[str]:
    """Yield what a clock change does to the slot, and why its run starts later."""
    deferral = snapshot.record(job.id).deferral
    if deferral is not None and deferral.until == slot:
        yield f"deferred{': ' if deferral.reason else ''}{deferral.reason}"
        return
    memory = snapshot.record(job.id)
    if memory.skip == slot:
        yield f"will be skipped: {wording.printed(decide.SKIPPED_BY_USER)}"
    if memory.pause is not None and memory.pause.covers(slot):
        yield f"will be skipped: paused{': ' if memory.pause.reason else ''}{memory.pause.reason}"
    changed = slots.clock_change_note(schedule_of(job), slot)
    if changed:
        yield changed
    delay = start_delay(job)
    if delay:
        yield f"starts at +{_short(delay)} (jitter)"
    opens = window.next_opening(job.window, job.timezone, slot + delay) if job.window else None
    if opens is not None:
        local = opens.astimezone(zone_info(job.timezone)).isoformat()
        yield f"outside its window {job.window}: starts at {local}"


def _short(delay: timedelta) -> str:
    """`3m12s`, `2h5m`, `40s`: what is not zero."""
    minutes, seconds = divmod(int(delay.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
