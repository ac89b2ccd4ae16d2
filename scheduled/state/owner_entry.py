"""Whose state it is, as the document has it."""

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


class OwnerEntry(TypedDict, total=False):
    """The root and the host that the state belongs to."""

    root: str
    host: str
    name: str
    """What people call the host, where its id does not say it."""
    since: str
    """When this host took the state over from another one, UTC."""


def recorded(event: "kinds.OwnerRecorded", before: OwnerEntry) -> OwnerEntry:
    """Return the entry that an event makes of the one before."""
    entry: OwnerEntry = {"root": event["root"], "host": event["host"]}
    if "name" in event:
        entry["name"] = event["name"]
    if before.get("host") and before["host"] != event["host"]:
        entry["since"] = event["at"]
    elif "since" in before:
        entry["since"] = before["since"]
    return entry
