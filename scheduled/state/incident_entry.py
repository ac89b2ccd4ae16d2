"""An incident in the state's JSON document."""

from typing import TypedDict


class AcknowledgedEntry(TypedDict, total=False):
    """When a person acknowledged an incident, and until when; without an end until its own."""

    at: str | None
    until: str | None


class IncidentEntry(TypedDict, total=False):
    """An incident: below `incidents` by case, or in `closed_incidents`.

    `waiting` are the ids of messages that tell of it and are in the outbox; `accepted`: whether a
    channel has taken any.
    """

    id: str
    case: str
    kind: str
    job: str
    since: str | None
    count: int
    last_at: str | None
    told_at: str | None
    reminders: int
    first_error: str
    last_error: str
    changed: list[str]
    reopened: bool
    tags: list[str]
    priority: str
    has_message: bool
    waiting: list[str]
    accepted: bool
    acknowledged: AcknowledgedEntry | None
    closed_at: str | None
    end: str
