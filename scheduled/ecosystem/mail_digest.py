"""What a branch is told about its stale mail: one standing notice, complete until it is read.

A notice has one place in the inbox, and the newest text. So as long as nobody has read it, the next
one names what it named as well: closed mail is in the archive, where nobody looks without being
told. What was named is remembered by branch, while the notice is on its way or lies unread.
"""

from collections.abc import Iterable
from typing import Any

from scheduled.ecosystem import mailbox
from scheduled.ecosystem.formats import one_line
from scheduled.ecosystem.mailbox import Mailbox, Message
from scheduled.quick_classes import NamedTuple

KEY = "scheduled:stale_mail"
LISTED = 50
"""Messages named in a digest; of more, only the number."""

Memory = dict[str, Any]
"""By mailbox: `{"lines": [...], "total": n, "seen": whether the notice was found in the inbox}`."""


class Digest(NamedTuple):
    """What to tell."""

    subject: str
    body: str


class Digests:
    """The digests of all branches. Every inbox that is read is shown to `look`."""

    def __init__(self, remembered: Any) -> None:
        self.memory: Memory = {
            folder: entry
            for folder, entry in (remembered.items() if isinstance(remembered, dict) else ())
            if _is_entry(entry)
        }

    def look(self, box: Mailbox) -> None:
        """Forget what the digest of a mailbox named once its reader has read it."""
        entry = self.memory.get(str(box.folder))
        if entry is None:
            return
        notice = _notice_in(box)
        if notice is None and not entry["seen"]:
            return  # on its way
        if notice is None or not _is_unread(notice):
            del self.memory[str(box.folder)]
        else:
            entry["seen"] = True

    def of(self, box: Mailbox, closed: list[Message]) -> Digest:
        """Return the digest of a mailbox in which these messages were closed now."""
        self.look(box)
        before = self.memory.get(str(box.folder), {"lines": [], "total": 0, "seen": False})
        lines = [*map(_line, closed[:LISTED]), *before["lines"]][:LISTED]
        total = len(closed) + before["total"]
        if total:
            self.memory[str(box.folder)] = {**before, "lines": lines, "total": total}
        waiting = foreign(m for m in box.messages if m.get("auto_opened") is True)
        waiting = [message for message in waiting if mailbox.status(message) == "opened"]
        count = len(waiting) + total
        messages = "1 Message" if count == 1 else f"{count} Messages"
        return Digest(f"[SCHEDULED] Stale Mail - {messages}", _body(waiting, lines, total))


def foreign(messages: Iterable[Message]) -> list[Message]:
    """Return the messages that this program did not send itself."""
    return [message for message in messages if not mailbox.is_ours(message)]


def summary(message: Message) -> dict[str, str]:
    """Return what identifies a message to a person."""
    keys = ("id", "timestamp", "from", "subject")
    return {key: one_line(message.get(key), 100) for key in keys}


def _notice_in(box: Mailbox) -> Message | None:
    notices = (m for m in box.messages if mailbox.is_notice(m) and m["upsert_key"] == KEY)
    return next((notice for notice in notices if mailbox.status(notice) != "closed"), None)


def _is_unread(notice: Message) -> bool:
    """Return whether nobody has read a notice; that this program opened it, does not count."""
    return mailbox.is_unread(notice) or notice.get("auto_opened") is True


def _body(waiting: list[Message], closed: list[str], total: int) -> str:
    lines = ["## Stale Mail"]
    if waiting:
        opened = [_line(message) for message in waiting[:LISTED]]
        lines += ["", "### Opened automatically, unread for too long", ""]
        lines += _listing(opened, len(waiting))
    if closed:
        lines += ["", "### Closed and archived, opened long ago", "", *_listing(closed, total)]
    lines += ["", "---", "This is an automated notice. Closed mail is kept in `deleted/`."]
    return "\n".join(lines)


def _line(message: Message) -> str:
    return "- {timestamp} {from}: {subject}".format(**summary(message))


def _listing(lines: list[str], total: int) -> list[str]:
    return [*lines, f"- and {total - len(lines)} more"] if total > len(lines) else lines


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("lines"), list)
        and all(isinstance(line, str) for line in entry["lines"])
        and isinstance(entry.get("total"), int)
        and isinstance(entry.get("seen"), bool)
    )
