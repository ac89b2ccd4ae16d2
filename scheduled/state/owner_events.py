"""The event of whose state it is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def recorded(root: str, host: str, name: str = "") -> kinds.OwnerRecorded:
    """Build the event that makes the state belong to a root and a host; '' for no known host.

    `name` is what people call the host; '' if its id says that.
    """
    event: kinds.OwnerRecorded = {"event": "owner", "root": root, "host": host}
    if name and name != host:
        event["name"] = name
    return event
