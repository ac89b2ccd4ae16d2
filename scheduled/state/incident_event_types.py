"""What the events of incidents hold, declared as those of all others in `event_types`."""

from typing import Any, Literal, NotRequired

from scheduled.state.event_types import Recorded


class IncidentEvent(Recorded):
    """What the events of an incident have: its case, its id, and the messages that tell of it.

    `has_message` stands for messages that another event of the same tick has; `messages` are their
    ids.
    """

    case: str
    id: str
    fired: NotRequired[list[dict[str, Any]]]
    outgoing: NotRequired[list[dict[str, Any]]]
    has_message: NotRequired[bool]
    messages: NotRequired[list[str]]


class IncidentOpened(IncidentEvent):
    event: Literal["incident_opened"]
    kind: str
    error: str
    count: int
    job: NotRequired[str]
    since: NotRequired[str]
    changed: NotRequired[list[str]]
    reopened: NotRequired[bool]
    tags: NotRequired[list[str]]
    priority: NotRequired[str]


class IncidentAgain(IncidentEvent):
    event: Literal["incident_again"]
    error: str


class IncidentReminded(IncidentEvent):
    event: Literal["incident_reminded"]
    error: NotRequired[str]
    """What is wrong now, if that is not what was told."""


class IncidentTold(IncidentEvent):
    event: Literal["incident_told"]


class IncidentClosed(IncidentEvent):
    event: Literal["incident_closed"]
    reason: str


class IncidentAcknowledged(IncidentEvent):
    event: Literal["incident_acknowledged"]
    until: str | None
