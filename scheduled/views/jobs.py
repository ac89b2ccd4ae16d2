"""The jobs as rows: `list --json`, and the table of `list`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory
from scheduled.timing import expression, slots
from scheduled.timing.instants import format_utc
from scheduled.views import dry_run
from scheduled.views.snapshot import Snapshot

THEN = ("decision", "slot", "catch_up", "missed", "reason")
"""What `list --at` adds to a row."""


def document(snapshot: Snapshot) -> dict[str, Any]:
    """`list --json`."""
    return {"jobs": rows(snapshot)}


def document_at(snapshot: Snapshot, decisions: Sequence[Decision]) -> dict[str, Any]:
    """`list --at --json`: as `list --json` will be then, and what a tick then does about each.

    `snapshot` is of that time, from before that tick; `decisions` are those of the tick.
    """
    above = SlotCache.at(snapshot.now)
    done = {one.job.id: one for one in decisions}
    return {
        "at": format_utc(snapshot.now),
        "jobs": [
            row(snapshot, done[job.id], above)
            | {key: value for key, value in dry_run.row(done[job.id]).items() if key in THEN}
            for job in snapshot.jobs
        ],
    }


def rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """A row a job, in the order of the configuration."""
    above = SlotCache.at(snapshot.now)
    return [row(snapshot, decision, above) for decision in snapshot.decisions()]


def row(snapshot: Snapshot, decision: Decision, above: SlotCache) -> dict[str, Any]:
    """One job: what it is, and what became of it last."""
    job = decision.job
    record, entry = snapshot.record(job.id), snapshot.entry(job.id)
    last = _dict(entry.get("last"))
    return {
        "id": job.id,
        "name": job.name,
        "description": job.description,
        "schedule": job.schedule,
        "timezone": job.timezone,
        "kind": job.kind,
        "enabled": decide.is_enabled(job, record),
        "priority": job.priority.value,
        "source": job.source,
        "status": status(job, record, entry),
        "next_run": format_utc(awaited(decision, above)),
        "last_run": last.get("started_at") or format_utc(record.last_success),
        "last_outcome": last.get("outcome"),
    }


def status(job: Job, record: JobMemory, entry: dict[str, Any]) -> str:
    """Where in its life a job is, in CIRIS's words: PENDING until it first ran, then ACTIVE.

    One that runs once ends COMPLETE, or FAILED if its slot ended without a success; so does any
    that its failures have suspended. CANCELLED is the word of a person.
    """
    if record.cancelled is not None:
        return "CANCELLED"
    if record.suspended:
        return "FAILED"
    if _is_over(job, record):
        succeeded = record.succeeded_slot is not None
        return "COMPLETE" if succeeded and record.succeeded_slot == record.watermark else "FAILED"
    return "ACTIVE" if entry.get("counts") else "PENDING"


def _is_over(job: Job, record: JobMemory) -> bool:
    """Whether a job that runs once has had its slot, and nobody deferred it to another time."""
    if record.watermark is None or record.retry is not None or record.deferral is not None:
        return False
    schedule = schedule_of(job)
    if schedule.kind != "once" or record.fingerprint != expression.fingerprint(schedule):
        return False
    slot = slots.latest(schedule, record.watermark, record.watermark)
    first_seen = record.anchor
    return slot is not None and (first_seen is None or slot > first_seen)


def awaited(decision: Decision, above: SlotCache) -> datetime | None:
    """The slot the next run answers for: in the past if it is due; None if none will come."""
    job = decision.job
    match decision.verdict:
        case Verdict.DISABLED:
            return None
        case Verdict.NOT_DUE | Verdict.WAIT | Verdict.PAUSED:
            return decision.next
        case Verdict.RUN | Verdict.SKIP | Verdict.OVER_BUDGET | Verdict.CANCEL_RETRY:
            return decision.slot
        case Verdict.REGISTER | Verdict.RESET_WATERMARK:
            schedule = schedule_of(job)
            at_once = decision.watermark is None
            newest = above.latest(schedule, None, None) if at_once else None
            return newest or above.following(schedule, above.now, None)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
