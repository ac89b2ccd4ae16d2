"""What events of commands that write jobs do: which file a job has, how often one was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scheduled.state.document import State

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state.created_event_types import (
        FileCreated,
        FileDeleted,
        FileKept,
        ScheduleRefused,
    )


def created(state: State, event: FileCreated) -> None:
    """Keep which file was written for a job, and by what its content is known again."""
    entry = state["jobs"].setdefault(event["job"], {})
    entry["created"] = {"file": event["file"], "sha256": event["sha256"]}


def about_to_be_deleted(state: State, event: FileDeleted) -> None:
    """Change nothing: for as long as the file is there, a later tick can recognise it."""


def kept(state: State, event: FileKept) -> None:
    """Forget the file of a job: it could not be deleted, and is not tried again."""
    state["jobs"].get(event["job"], {}).pop("created", None)


def schedule_refused(state: State, _event: ScheduleRefused) -> None:
    """Count a schedule that a command has refused."""
    state["refused"]["schedules"] += 1


CHANGES: Mapping[str, Callable[[State, Any], None]] = {
    "file_created": created,
    "file_deleted": about_to_be_deleted,
    "file_kept": kept,
    "schedule_refused": schedule_refused,
}
