"""Grows mailboxes and mail in the formats of the ecosystem, on a real disk."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scheduled.handler import Context
from scheduled.notify import channels
from scheduled.notify.channel import ChannelContext, Delivery
from scheduled.notify.message import Message

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 7, 11, 0, 0, tzinfo=UTC)
"""12:00 on the wall clock of ZONE."""


def ago(**duration: float) -> str:
    """A timestamp as mail stores it, that long before NOW."""
    moment = (NOW - timedelta(**duration)).astimezone(ZONE)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def letter(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A new message of an hour ago; `fields` replace its fields, None takes one away."""
    message = {
        "id": f"{number:08x}",
        "timestamp": ago(hours=1),
        "from": "@seed",
        "from_name": "Seed (Standards Branch)",
        "subject": f"Letter {number}",
        "message": "Please review the new handler pattern...",
        "status": "new",
    }
    return {key: value for key, value in {**message, **fields}.items() if value is not None}


def inbox_of(*messages: dict[str, Any]) -> dict[str, Any]:
    """An inbox as the second generation writes it, with counts that are right."""
    unread = sum(message.get("status") == "new" for message in messages)
    counts = {"mailbox": "inbox", "total_messages": len(messages), "unread_count": unread}
    return {**counts, "messages": list(messages)}


def write_json(path: Path, document: Any) -> Path:
    """Write a file plainly, as the others do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return path


def read_json(path: Path) -> Any:
    """What is in a JSON file."""
    return json.loads(path.read_text())


def mailbox_in(branch: Path, *messages: dict[str, Any]) -> Path:
    """A mailbox folder inside a branch's folder, with these messages in its inbox."""
    folder = branch / "ai_mail.local"
    write_json(folder / "inbox.json", inbox_of(*messages))
    return folder


def home_with(root: Path, *names: str) -> dict[str, Path]:
    """An ecosystem of branches with empty mailboxes: the branches' folders by name."""
    folders = {name: root / name.lower() for name in names}
    entries = [
        {"name": name, "path": str(folder), "email": f"@{name.lower()}", "status": "active"}
        for name, folder in folders.items()
    ]
    registry = {"metadata": {"version": "1.0.0"}, "branches": entries}
    write_json(root / "BRANCH_REGISTRY.json", registry)
    for folder in folders.values():
        mailbox_in(folder)
    return folders


def deliver(root: Path, *messages: Message, now: datetime = NOW) -> Delivery:
    """Deliver messages in the ecosystem at `root`, whose central directory is `central`."""
    return channels.deliver(messages, ChannelContext(root, root / "central", ZONE, now))


class FileChannel:
    """Appends the subject of a message to the file its address names, `file:alerts`."""

    def __init__(self, context: ChannelContext) -> None:
        self._root = context.root

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver all of them."""
        for message in messages:
            with open(self._root / message.to.removeprefix("file:"), "a") as stream:
                stream.write(f"{message.subject}\n")
        return Delivery(delivered=list(messages), notes=["written"])


def context_in(root: Path, **fields: Any) -> Context:
    """What a handler is told in the ecosystem at `root`, at NOW."""
    told: dict[str, Any] = {
        "job": "job",
        "run_id": "r1",
        "now": NOW,
        "zone": ZONE,
        "root": root,
        "central_dir": root / "AI_CENTRAL",
        "cache_dir": root / "cache",
    }
    return Context(**{**told, **fields})
