"""The tasks of `scheduled telemetry`: as the endpoint has them, and as the service lists them."""

from collections import Counter
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.timing import slots
from scheduled.timing.instants import format_utc
from scheduled.views.telemetry import Telemetry, deferral_count, last_run, task_type

STATUSES = ("PENDING", "ACTIVE", "COMPLETE", "CANCELLED", "FAILED")


def tasks(
    told: Telemetry, status: str | None = None, kind: str | None = None, limit: int | None = None
) -> dict[str, Any]:
    """Return the body of `.../tasks`; only `total_count` and `summary` are of all tasks."""
    rows = [_task(told, job) for job in told.snapshot.jobs]
    chosen = [
        row for row in rows if status in (None, row["status"]) and kind in (None, row["type"])
    ]
    states, types = (Counter(row[key] for row in rows) for key in ("status", "type"))
    return {
        "total_count": len(rows),
        "filtered_count": len(chosen),
        "tasks": chosen[:limit],
        "summary": {
            "pending": states["PENDING"],
            "active": states["ACTIVE"],
            "one_time": types["one_time"],
            "recurring": types["recurring"],
        },
    }


def _task(told: Telemetry, job: Job) -> dict[str, Any]:
    entry = told.entry(job)
    return {
        "task_id": job.id,
        "name": job.name or job.id,
        "status": told.task_status(job),
        "type": task_type(job),
        "next_execution": format_utc(told.snapshot.next_run(job)),
        "deferral_count": deferral_count(entry),
        "created_at": entry.get("first_seen"),
    }


def listed(told: Telemetry) -> dict[str, Any]:
    """Return what the service itself answers when it is asked for its tasks."""
    rows = [_listed(told, job) for job in told.snapshot.jobs]
    return {
        "tasks": rows,
        "total": len(rows),
        "active_count": len(told.active),
        "recurring_count": sum(row["is_recurring"] for row in rows),
    }


def _listed(told: Telemetry, job: Job) -> dict[str, Any]:
    entry, is_recurring = told.entry(job), task_type(job) == "recurring"
    return {
        "task_id": job.id,
        "name": job.name or job.id,
        "goal_description": job.description,
        "status": told.task_status(job),
        "defer_until": format_utc(_defer_until(told, job)),
        "schedule_cron": job.schedule if is_recurring else None,
        "created_at": entry.get("first_seen"),
        "last_triggered_at": last_run(entry).get("started_at"),
        "deferral_count": deferral_count(entry),
        "is_recurring": is_recurring,
    }


def _defer_until(told: Telemetry, job: Job) -> datetime | None:
    """Return until when somebody has deferred it; else when a job runs that runs once."""
    deferral, schedule = told.snapshot.record(job.id).deferral, schedule_of(job)
    if deferral is not None:
        return deferral.until
    return slots.latest(schedule, slots.LAST, slots.FIRST) if schedule.kind == "once" else None
