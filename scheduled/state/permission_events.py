"""The events of what jobs are permitted: one builder for each. Pure.

That a run was permitted stands in the line of its start (`events.run_started`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def refused(job: str, reason: str, run_id: str = "") -> kinds.Permission:
    """Build the event of a job, or a run of it, that is not permitted."""
    event: kinds.Permission = {
        "event": "permission",
        "job": job,
        "verdict": "refused",
        "reason": reason,
    }
    if run_id:
        event["run_id"] = run_id
    return event


def runs_as_before(job: str, definition: str) -> kinds.Permission:
    """Build the event of a job that is older than permissions; `definition` is what it is now."""
    return {
        "event": "permission",
        "job": job,
        "verdict": "as_before",
        "reason": "it was known before there were permissions",
        "definition": definition,
    }


def confined(job: str, reason: str) -> kinds.Permission:
    """Build the event of a job that does not run as before any more."""
    return {"event": "permission", "job": job, "verdict": "confined", "reason": reason}
