"""The events of job files that commands write and ticks delete: one builder for each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import created_event_types as kinds


def file_created(job: str, file: str, sha256: str) -> kinds.FileCreated:
    """Build the event of a job file that `create` or `update` has written."""
    return {"event": "file_created", "job": job, "file": file, "sha256": sha256}


def file_deleted(job: str, file: str, sha256: str, reason: str) -> kinds.FileDeleted:
    """Build the event of a job file that is about to be deleted."""
    return {
        "event": "file_deleted",
        "job": job,
        "file": file,
        "sha256": sha256,
        "reason": reason,
    }


def file_kept(job: str, file: str, reason: str) -> kinds.FileKept:
    """Build the event of a job file that could not be deleted."""
    return {"event": "file_kept", "job": job, "file": file, "reason": reason}


def schedule_refused(schedule: str) -> kinds.ScheduleRefused:
    """Build the event of a schedule that could not be parsed when a person gave it."""
    return {"event": "schedule_refused", "schedule": schedule}
