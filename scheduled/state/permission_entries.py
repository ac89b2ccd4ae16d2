"""What the events of permissions do to the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduled.state.document import JobEntry, State

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state.event_types import JobRegistered, Permission


def checked(state: State, event: Permission) -> None:
    """Note what became of the check of a job."""
    if event.get("run_id"):
        return  # the end of the run says it
    entry = state["jobs"].setdefault(event["job"], {})
    match event["verdict"]:
        case "refused":
            entry["refused"] = {"at": event["at"], "reason": event["reason"]}
        case "as_before":
            entry["as_before"] = event.get("definition", "")
        case "confined":
            entry.pop("as_before", None)
            entry["checked"] = True


def registered(entry: JobEntry, event: JobRegistered) -> None:
    """Note that a job was checked when it was put on record."""
    entry.pop("refused", None)
    if event.get("level"):
        entry.pop("as_before", None)
        entry["checked"] = True
