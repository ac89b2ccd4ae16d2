"""What a tick did about an incident, and the messages that tell of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scheduled.planning.incidents import Act
from scheduled.quick_classes import NamedTuple
from scheduled.state.incident_entries import Incident


class Change(NamedTuple):
    """What a tick did about an incident."""

    act: Act
    incident: Incident
    """As it was before; one that opens, as it is now."""
    text: str
    """What is wrong, or why it is over."""
    messages: tuple[str, ...] = ()
    """The ids of the messages by which channels are told of it."""


class Posted(NamedTuple):
    """The messages about a change."""

    outgoing: list[dict[str, Any]]
    """Those that stand in its event, as the outbox keeps them."""
    elsewhere: tuple[str, ...] = ()
    """The ids of those that stand in the event of another change, and tell of this one, too."""
    filtered: Mapping[str, Any] = {}
    """What filters ask for, to be known at the end: the job may be another then, or gone."""


Post = Callable[[Sequence[Change]], list[Posted]]
"""Returns the messages about each change."""
