"""What programs are told about a message: one JSON object, the same on every channel."""

from typing import Any

from scheduled.notify.message import Message
from scheduled.timing.instants import format_utc

VERSION = 1
_OWN = ("event", "group", "kind", "job", "tags")
"""Facts of every message, which stand beside its text; the others are below `facts`."""


def document(message: Message, channel: str) -> dict[str, Any]:
    """Return all there is to say about a message, as JSON."""
    import socket

    facts = dict(message.facts)
    own = {name: facts.pop(name, [] if name == "tags" else "") for name in _OWN}
    return {
        "version": VERSION,
        "id": message.id,
        **own,
        "priority": message.priority,
        "subject": message.subject,
        "body": message.body,
        "created": format_utc(message.created),
        "host": socket.gethostname(),
        "channel": channel,
        "facts": facts,
    }
