"""The events of jobs with `max_runs`: one builder for each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def limit_changed(job: str, max_runs: int | None, *, continues: bool) -> kinds.LimitChanged:
    """Build the event of another `max_runs`; None: none any more.

    `continues` tells whether the old one was used up, so that the job has slots from now on.
    """
    event: kinds.LimitChanged = {"event": "limited", "job": job, "max_runs": max_runs}
    if continues:
        event["continues"] = True
    return event


def with_limit(event: kinds.JobRegistered, max_runs: int) -> kinds.JobRegistered:
    """Return the event that registers a job with its `max_runs`."""
    return {**event, "max_runs": max_runs}


def with_meaning(event: kinds.JobRegistered, fingerprint: str) -> kinds.JobRegistered:
    """Return the event that registers a disabled job, with the fingerprint of its schedule.

    By it the slots are known that pass until the job is enabled.
    """
    return {**event, "meaning": fingerprint}


def enabled_anew(job: str) -> kinds.JobEnabled:
    """Build the event of a finished job that a person has enabled: its runs are counted anew."""
    return {"event": "enabled", "job": job, "enabled": True, "anew": True}
