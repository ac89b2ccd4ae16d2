"""The channel of mailboxes: delivery into the branches' mailbox files, from @trigger.

Delivering again is safe: a message that is in the inbox already is not inserted twice. A message
with a key is a standing notice with one entry in the inbox. Sent again with nothing new, the
entry stays as it is; with news, it is updated as ai_mail does that, and what was opened stays
opened; once its reader has closed it, it is inserted anew.
"""

import os
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from scheduled.ecosystem import archive, mail_central, mailbox, registry, timestamps
from scheduled.ecosystem.mail_central import Count
from scheduled.ecosystem.mailbox import SENDER, Mailbox
from scheduled.ecosystem.registry import Branch
from scheduled.errors import LockedError, ScheduledError
from scheduled.notify.channel import ChannelContext, Delivery
from scheduled.notify.message import Message
from scheduled.notify.routes import CENTRAL
from scheduled.timing.instants import format_utc

LOCK_WAIT = 5.0
"""Seconds to wait for each locked mailbox, once a delivery."""


class MailboxChannel:
    """One round of deliveries to the mailboxes of the ecosystem at `context.root`.

    Raises RegistryError (a ScheduledError) where there is no registry to find them in.
    """

    def __init__(self, context: ChannelContext) -> None:
        self._branches = registry.load(context.root)
        self._central_dir = context.central_dir
        self._now = context.now
        self._zone = context.zone
        self._locked: dict[Path, str] = {}
        """Mailboxes that others kept locked for too long, and why: wait once for each."""
        self._counts: dict[Branch, Count] = {}
        """The mail of each branch whose mailbox was opened."""

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver messages and bring the central file of the mail up to date."""
        delivery = Delivery()
        for message in messages:
            reason = self._deliver(message)
            if reason is None:
                delivery.delivered.append(message)
            else:
                delivery.failed.append((message, reason))
        delivery.notes += self._update_central()
        return delivery

    def _deliver(self, message: Message) -> str | None:
        """Deliver one message, or return why that is not possible now."""
        branch, body = self._recipient(message)
        if branch is None:
            return f"unknown recipient {message.to}, and there is no {CENTRAL} to read it instead"
        folder = branch.mailbox
        if folder in self._locked:
            return self._locked[folder]
        try:
            if not os.path.isdir(folder):
                mailbox.create(folder)
            self._counts[branch] = self._put(message, body, folder)
        except (ScheduledError, OSError) as error:
            if isinstance(error, LockedError):
                self._locked[folder] = str(error)
            return str(error)
        return None

    def _update_central(self) -> list[str]:
        """Write the counts into the central file of the mail; return why that failed."""
        today = self._now.astimezone(self._zone).date()
        try:
            mail_central.update(self._central_dir, self._counts, self._branches, today)
        except ScheduledError as error:
            return [str(error)]  # the next mail cleanup counts all of it again
        return []

    def _recipient(self, message: Message) -> tuple[Branch | None, str]:
        branch = self._branches.by_email(_address(message.to))
        if branch is not None:
            return branch, message.body
        note = f"(Sent to {message.to}, an unknown recipient.)"
        return self._branches.by_email(CENTRAL), f"{note}\n\n{message.body}"

    def _put(self, message: Message, body: str, folder: Path) -> Count:
        with mailbox.editing(folder, LOCK_WAIT) as box:
            entry = self._insert_or_update(box, message, body)
            count = Count(box.unread, len(box.messages))
        if entry is not None:
            self._keep_copy(entry, message.to)
        return count

    def _insert_or_update(self, box: Mailbox, message: Message, body: str) -> dict[str, Any] | None:
        """Return the entry inserted or updated, or None if the inbox has all of it already."""
        if any(_is_same(entry, message) for entry in box.messages):
            return None
        notice = _open_notice(box, message)
        if notice is None:
            entry = self._new_entry(message, body)
            box.insert(entry)
            return entry
        if not _is_news(notice, message):
            return None
        self._update(box, notice, message, body)
        return notice

    def _new_entry(self, message: Message, body: str) -> dict[str, Any]:
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
            "metadata": {"sent_by": mailbox.SENT_BY},
        }
        if message.key is not None:
            entry |= {"upsert_key": message.key, "updates": 1, "metadata": _metadata(message)}
        return entry

    def _update(self, box: Mailbox, entry: dict[str, Any], message: Message, body: str) -> None:
        """Update the entry of a standing notice; its id, its time and its status stay."""
        updates = entry.get("updates")
        box.update(
            entry,
            subject=message.subject,
            message=body,
            priority=message.priority,
            auto_execute=False,
            updates=max(updates if isinstance(updates, int) else 1, 1) + 1,
            last_updated=timestamps.written(self._now, self._zone),
            metadata=_dictionary(entry.get("metadata")) | _metadata(message),
        )

    def _keep_copy(self, entry: dict[str, Any], to: str) -> None:
        """Keep a copy in `sent/` if @trigger is a branch; a failure to do so is ignored."""
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
    # Ids are short. Compare the subject too, or two equal ids would lose a message.
    same = entry.get("id") == message.id and entry.get("subject") == message.subject
    return same and message.key is None


def _open_notice(box: Mailbox, message: Message) -> dict[str, Any] | None:
    """Return the entry of the standing notice with the message's key, unless it is closed."""
    if message.key is None:
        return None
    notices = [
        entry
        for entry in filter(mailbox.is_notice, box.messages)
        if entry["upsert_key"] == message.key and mailbox.status(entry) != "closed"
    ]
    return next(iter(notices), None)


def _is_news(entry: dict[str, Any], message: Message) -> bool:
    """Return whether the message is newer than a standing notice and says something else."""
    metadata = _dictionary(entry.get("metadata"))
    created = timestamps.readable(metadata.get("created"), UTC)
    is_older = created is not None and message.created < created
    return not is_older and metadata.get("fingerprint") != message.fingerprint


def _metadata(message: Message) -> dict[str, Any]:
    return {
        "sent_by": mailbox.SENT_BY,
        "created": format_utc(message.created),
        "fingerprint": message.fingerprint,
    }


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
