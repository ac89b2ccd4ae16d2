"""The events of the processes of a run: one builder for each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduled.jobs.model import Attempt
from scheduled.system.processes import Family

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def process_started(attempt: Attempt, family: Family) -> kinds.ProcessStarted:
    """Build the event that names the processes of a run, so that a later tick can find them."""
    return {
        "event": "spawned",
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "pid": family.pid,
        "pid_started": family.started or None,
        "keeper": family.keeper,
        "keeper_started": family.keeper_started,
    }


def stop_requested(job: str, run_id: str, reason: str) -> kinds.StopRequested:
    """Build the event that asks the tick of a run in progress to stop it."""
    return {"event": "told_to_stop", "job": job, "run_id": run_id, "reason": reason}
