"""The events of incidents: one builder for each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.timing.instants import format_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import incident_event_types as kinds

Outgoing = Sequence[dict[str, Any]]
"""The messages that tell of it, as the outbox keeps them."""


def opened(
    case: str,
    ident: str,
    kind: str,
    job: str,
    error: str,
    *,
    count: int = 1,
    since: datetime | None = None,
    changed: Sequence[str] = (),
    reopened: bool = False,
) -> kinds.IncidentOpened:
    """Build the event of an incident that opens; `since` if it began before."""
    event: kinds.IncidentOpened = {
        "event": "incident_opened",
        "case": case,
        "id": ident,
        "kind": kind,
        "error": error,
        "count": count,
    }
    if job:
        event["job"] = job
    if since is not None:
        event["since"] = format_utc(since)
    if changed:
        event["changed"] = [*changed]
    if reopened:
        event["reopened"] = True
    return event


def happened_again(case: str, ident: str, error: str) -> kinds.IncidentAgain:
    """Build the event of what went wrong once more; nobody is told."""
    return {"event": "incident_again", "case": case, "id": ident, "error": error}


def reminded(case: str, ident: str, error: str = "") -> kinds.IncidentReminded:
    """Build the event of a reminder; `error` if something else is wrong now."""
    event: kinds.IncidentReminded = {"event": "incident_reminded", "case": case, "id": ident}
    return {**event, "error": error} if error else event


def told(case: str, ident: str) -> kinds.IncidentTold:
    """Build the event of an open incident that is told to a channel which is new."""
    return {"event": "incident_told", "case": case, "id": ident}


def closed(case: str, ident: str, reason: str) -> kinds.IncidentClosed:
    """Build the event of the end of an incident."""
    return {"event": "incident_closed", "case": case, "id": ident, "reason": reason}


def acknowledged(case: str, ident: str, until: datetime | None) -> kinds.IncidentAcknowledged:
    """Build the event of a person who knows; None: until the end of the incident."""
    return {
        "event": "incident_acknowledged",
        "case": case,
        "id": ident,
        "until": format_utc(until),
    }
