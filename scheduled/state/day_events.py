"""The events of jobs that run on certain days only: one builder for each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduled.state.events import slot_skipped
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import MissedRange

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def days_changed(job: str, days: str) -> kinds.DaysChanged:
    """Build the event of a job that runs on other days, as `timing.day_rule` writes them."""
    return {"event": "days", "job": job, "days": days}


def slots_left_out(job: str, left_out: MissedRange, reason: str) -> kinds.SlotSkipped:
    """Build the event of slots on a day on which the job does not run."""
    event = slot_skipped(job, left_out.last, reason)
    event["left_out"] = True
    if left_out.count > 1:
        event["first"], event["count"] = format_utc(left_out.first), left_out.count
    return event
