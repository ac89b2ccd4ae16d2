"""How many runs a job with `max_runs` has had: what events do to the count in its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduled.state import job_entry
from scheduled.state.document import JobEntry, State

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state.event_types import JobEnabled, LimitChanged, RetryCancelled, RunEnded


def set_limit(entry: JobEntry, max_runs: int | None) -> None:
    """Keep the limit that the job has now; the runs of one without are not counted."""
    if max_runs is None:
        entry.pop("max_runs", None)
        entry.pop("runs", None)
        return
    entry["max_runs"] = max_runs
    entry.setdefault("runs", 0)


def count(entry: JobEntry, event: RunEnded | RetryCancelled) -> None:
    """Count a slot that is done with and had a run, however many attempts that took."""
    if "runs" not in entry or event.get("slot") is None or not event.get("outcome"):
        return
    if event["event"] == "given_up" or event.get("answered"):
        entry["runs"] += 1


def begin_anew(entry: JobEntry, event: JobEnabled) -> None:
    """Count from none again if a person has enabled a job that was finished."""
    if "runs" in entry and event.get("anew"):
        entry["runs"] = 0


def limit_changed(state: State, event: LimitChanged) -> None:
    """Keep a new limit; a job that had used up the old one counts from now."""
    entry = state["jobs"].setdefault(event["job"], {})
    if event.get("continues"):
        entry["watermark"] = job_entry.newest(event["at"], entry.get("watermark"))
        entry["coalesced"] = 0
    set_limit(entry, event["max_runs"])
