"""Messages and channels of tests, and what becomes of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scheduled.config.paths import Paths
from scheduled.notify import channels
from scheduled.notify.channel import Delivery
from scheduled.notify.message import Message
from scheduled.notify.notice import Notice
from scheduled.notify.recipients import message_to
from scheduled.ticks import outbox
from tests.builders.mail import NOW, ZONE

NASTY = "a\r\nBcc: evil@example.org\r\n\r\n.\r\nQUIT\x00\x1b[2J\u2028\udcff ü \u202e" + "x" * 10_000
"""What must change nothing anywhere."""


def notice(number: int = 1, **fields: Any) -> Notice:
    values: dict[str, Any] = {
        "event": "incident_opened",
        "group": "failure",
        "kind": "failing",
        "subject": f"backup fails {number}",
        "body": f"Text {number}",
        "id": f"i{number}",
        "created": NOW,
        "job": "backup",
        "priority": "high",
    }
    return Notice(**{**values, **fields})


def message(number: int = 1, **fields: Any) -> Message:
    return message_to("ops", notice(number, **fields))


def send(root: Path, settings: Mapping[str, Any], *messages: Message, **environ: str) -> Delivery:
    """Deliver messages by a channel `ops` with these settings."""
    given = outbox.Setup({"ops": settings}, environ, root, None)
    paths = Paths(
        root=root, config_path=None, state_dir=root / "state", central_dir=root / "central"
    )
    context = outbox.channel_context(paths, ZONE, NOW, given)
    return channels.deliver(messages or (message(),), context)


def reason(delivery: Delivery) -> str:
    """Return why the only message could not be delivered."""
    [(_, why)] = delivery.failed
    return why
