"""The jobs as rows: `list --json`, and the table of `list`."""

from collections.abc import Sequence
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import may_finish
from scheduled.planning import decide
from scheduled.planning.decision import Decision
from scheduled.state.records import JobMemory
from scheduled.timing.instants import format_utc
from scheduled.views import dry_run
from scheduled.views.snapshot import Snapshot

THEN = ("decision", "slot", "catch_up", "missed", "reason")
"""What `list --at` adds to a row."""


def document(snapshot: Snapshot) -> dict[str, Any]:
    """Return `list --json`."""
    return {"jobs": rows(snapshot)}


def document_at(snapshot: Snapshot, decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return `list --at --json`: as `list --json` then, and what a tick does then.

    `snapshot` is of that time, from before that tick; `decisions` are those of the tick.
    """
    by_job = {decision.job.id: decision for decision in decisions}
    return {
        "at": format_utc(snapshot.now),
        "jobs": [
            row(snapshot, job)
            | {key: value for key, value in dry_run.row(by_job[job.id]).items() if key in THEN}
            for job in snapshot.jobs
        ],
    }


def rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return a row a job, in the order of the configuration."""
    return [row(snapshot, job) for job in snapshot.jobs]


def row(snapshot: Snapshot, job: Job) -> dict[str, Any]:
    """Return the row of one job: its definition, its last and its next run."""
    memory, entry = snapshot.record(job.id), snapshot.entry(job.id)
    from scheduled.views import finished_jobs

    done = finished_jobs.of(snapshot, job)
    word = status(job, memory, entry)
    return {
        "id": job.id,
        "name": job.name,
        "description": job.description,
        "schedule": job.schedule,
        "timezone": job.timezone,
        "kind": job.kind,
        "enabled": decide.is_enabled(job, memory),
        "priority": job.priority.value,
        "source": job.source,
        "status": "COMPLETE" if done and word in ("ACTIVE", "PENDING") else word,
        "next_run": format_utc(snapshot.next_run(job)),
        **last_run(snapshot, job),
        "paused": memory.pause is not None and memory.pause.covers(snapshot.now),
        "waits_for": waits_for(snapshot, job),
        "finished": finished_jobs.row(done),
    }


def waits_for(snapshot: Snapshot, job: Job) -> dict[str, Any] | None:
    """Return what a due run of the job waits for: a mutex, with who has it, or an executor.

    None if it waits for neither.
    """
    if (held := snapshot.mutex(job)) is not None:
        return {"mutex": held[0], "held_by": held[1], "executor": None}
    if snapshot.lack_of_place(job):
        return {"mutex": None, "held_by": [], "executor": job.executor}
    return None


def last_run(snapshot: Snapshot, job: Job) -> dict[str, Any]:
    """Return when a job ran last, and how that ended."""
    memory, entry = snapshot.record(job.id), snapshot.entry(job.id)
    last = _dict(entry.get("last"))
    if not last.get("run_id"):  # skipped: how the last run ended counts
        last = _dict(entry.get("ran")) or last
    return {
        "last_run": last.get("started_at") or format_utc(memory.last_success),
        "last_outcome": last.get("outcome"),
    }


def status(job: Job, memory: JobMemory, entry: dict[str, Any]) -> str:
    """Return the status of a job in CIRIS's words: PENDING until it first ran, then ACTIVE.

    One that runs once ends COMPLETE, or FAILED if its slot ended without a success; so does any
    that its failures have suspended. CANCELLED is what a person did, who may have skipped the
    slot of a job that runs once.
    """
    if memory.cancelled is not None:
        return "CANCELLED"
    if memory.suspended:
        return "FAILED"
    if _is_over(job, memory):
        if _is_left_out(entry):
            return "CANCELLED"
        succeeded = memory.succeeded_slot is not None
        return "COMPLETE" if succeeded and memory.succeeded_slot == memory.watermark else "FAILED"
    return "ACTIVE" if entry.get("counts") else "PENDING"


def _is_left_out(entry: dict[str, Any]) -> bool:
    """Return whether a person has left out the last slot."""
    last = _dict(entry.get("last"))
    return last.get("outcome") == "skipped" and last.get("reason") == decide.SKIPPED_BY_USER


def _is_over(job: Job, memory: JobMemory) -> bool:
    if not may_finish(job):
        return False
    from scheduled.planning.finished import is_over

    return is_over(job, memory)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
