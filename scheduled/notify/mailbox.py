"""Delivery into the branches' file mailboxes, from @trigger.

Doing it again is safe: a message that is in the inbox already is not put there twice. A message
with a key has one slot: said again with nothing new, it is not touched; with something new, it
is updated and unread again; closed by its reader, it comes anew.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import archive, mailbox, registry, timestamps
from scheduled.ecosystem.mail_central import Count
from scheduled.ecosystem.mailbox import SENDER, Mailbox
from scheduled.ecosystem.registry import Branch, Registry
from scheduled.errors import LockedError, ScheduledError
from scheduled.notify.message import Message
from scheduled.notify.routes import CENTRAL
from scheduled.timing.instants import format_utc

LOCK_WAIT = 5.0
"""Seconds to wait for one mailbox, once a delivery."""

# What an opened message carries and a message that is new again must not.
_OPENED = ("auto_opened", "auto_opened_at", "opened_at", "read")


@dataclass
class Delivered:
    """What became of the messages: each is in exactly one of the two."""

    delivered: list[Message] = field(default_factory=list)
    failed: list[tuple[Message, str]] = field(default_factory=list)
    """With the reason; to be tried again at another time."""
    counts: dict[str, Count] = field(default_factory=dict)
    """The mail that each branch has now, for those whose mailbox was opened."""
    registered: frozenset[str] = frozenset()
    """The names of all branches there are."""


def deliver(messages: Sequence[Message], root: Path, now: datetime, zone: tzinfo) -> Delivered:
    """Deliver to the mailboxes of the ecosystem at `root`; what fails never raises.

    Of several with one key for one recipient only the newest is delivered: it says what the
    others said, and they count as delivered with it.
    """
    outcome = Delivered()
    try:
        branches = registry.load(root)
        post = _Post(branches, now, zone)
    except ScheduledError as error:
        outcome.failed = [(message, str(error)) for message in messages]
        return outcome
    outcome.registered = frozenset(branch.name for branch in branches)
    outcome.counts = post.counts
    newest = _newest(messages)
    reasons = {id(message): post.deliver(message) for message in newest.values()}
    for message in messages:
        reason = reasons[id(newest[_slot(message)])]
        if reason is None:
            outcome.delivered.append(message)
        else:
            outcome.failed.append((message, reason))
    return outcome


def _newest(messages: Sequence[Message]) -> dict[tuple[str, ...], Message]:
    newest: dict[tuple[str, ...], Message] = {}
    for message in sorted(messages, key=lambda each: each.created):
        newest[_slot(message)] = message
    return newest


def _slot(message: Message) -> tuple[str, ...]:
    """What only one message can be in: the slot of its key, else the message itself."""
    if message.key is not None:
        return message.to, message.key
    return message.to, message.id, message.subject, "alone"


class _Post:
    """One round of deliveries."""

    def __init__(self, branches: Registry, now: datetime, zone: tzinfo) -> None:
        self._branches = branches
        self._now = now
        self._zone = zone
        self._held: dict[Path, str] = {}
        """The mailboxes somebody held too long: one wait for each is enough."""
        self.counts: dict[str, Count] = {}

    def deliver(self, message: Message) -> str | None:
        """Deliver one message; the reason if that cannot be done now."""
        branch, body = self._recipient(message)
        if branch is None:
            return f"nobody here has the address {message.to}, and nobody has {CENTRAL}"
        folder = branch.mailbox
        if not os.path.isdir(folder):
            return f"{branch.name} has no mailbox at {folder}"
        if folder in self._held:
            return self._held[folder]
        try:
            self.counts[branch.name] = self._put(message, body, folder)
        except (ScheduledError, OSError) as error:
            if isinstance(error, LockedError):
                self._held[folder] = str(error)
            return str(error)
        return None

    def _recipient(self, message: Message) -> tuple[Branch | None, str]:
        branch = self._branches.by_email(_address(message.to))
        if branch is not None:
            return branch, message.body
        note = f"(This was meant for {message.to}, an address nobody here has.)"
        return self._branches.by_email(CENTRAL), f"{note}\n\n{message.body}"

    def _put(self, message: Message, body: str, folder: Path) -> Count:
        with mailbox.editing(folder, LOCK_WAIT) as box:
            entry = self._entered(box, message, body)
            count = Count(box.unread, len(box.messages))
        if entry is not None:
            self._keep_copy(entry, message.to)
        return count

    def _entered(self, box: Mailbox, message: Message, body: str) -> dict[str, Any] | None:
        """The entry the message became or changed; None if the inbox says all of it already."""
        if any(_is_same(entry, message) for entry in box.messages):
            return None
        standing = _standing(box, message)
        if standing is None:
            entry = self._entry(message, body)
            box.insert(entry)
            return entry
        if not _is_news(standing, message):
            return None
        self._update(box, standing, message, body)
        return standing

    def _entry(self, message: Message, body: str) -> dict[str, Any]:
        sender = self._branches.by_email(SENDER)
        entry: dict[str, Any] = {
            "id": message.id,
            "timestamp": timestamps.written(self._now, self._zone),
            "from": SENDER,
            "from_name": sender.name if sender else SENDER.removeprefix("@").upper(),
            "subject": message.subject,
            "message": body,
            "status": "new",
            "auto_execute": False,
            "priority": message.priority,
        }
        if message.key is not None:
            entry |= {"upsert_key": message.key, "updates": 0, "metadata": _metadata(message)}
        return entry

    def _update(self, box: Mailbox, entry: dict[str, Any], message: Message, body: str) -> None:
        """Say the news in the slot that is there. It is new again, and as young as that."""
        written = timestamps.written(self._now, self._zone)
        updates = entry.get("updates")
        box.update(
            entry,
            timestamp=written,
            subject=message.subject,
            message=body,
            status="new",
            priority=message.priority,
            updates=(updates if isinstance(updates, int) else 0) + 1,
            last_updated=written,
            metadata=_dictionary(entry.get("metadata")) | _metadata(message),
            **dict.fromkeys(_OPENED),
        )

    def _keep_copy(self, entry: dict[str, Any], to: str) -> None:
        """A copy in `sent/` where @trigger is a branch; without it the mail is delivered too."""
        sender = self._branches.by_email(SENDER)
        if sender is None or not os.path.isdir(sender.mailbox):
            return
        try:
            archive.keep_sent(sender.mailbox, entry, to, self._now, self._zone)
        except (ScheduledError, OSError):
            return


def _address(to: str) -> str:
    return to if to.startswith("@") else f"@{to}"


def _is_same(entry: dict[str, Any], message: Message) -> bool:
    # An id is short: the subject too must be the same, or a chance equality would cost a message.
    same = entry.get("id") == message.id and entry.get("subject") == message.subject
    return same and message.key is None


def _standing(box: Mailbox, message: Message) -> dict[str, Any] | None:
    if message.key is None:
        return None
    notices = filter(mailbox.is_notice, box.messages)
    slot = (entry for entry in notices if entry["upsert_key"] == message.key)
    return next((entry for entry in slot if mailbox.status(entry) != "closed"), None)


def _is_news(entry: dict[str, Any], message: Message) -> bool:
    """Whether a standing notice lacks what the message says, and is not the newer of the two."""
    known = _dictionary(entry.get("metadata"))
    written = timestamps.readable(known.get("created"), UTC)
    late = written is not None and message.created < written
    return not late and known.get("fingerprint") != message.fingerprint


def _metadata(message: Message) -> dict[str, Any]:
    return {
        "created": format_utc(message.created),
        "fingerprint": message.fingerprint,
    }


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
