"""When mail was opened that does not say so itself.

Mail opened by hand has no `opened_at`, and its delivery tells nothing: what was delivered long ago
may have been opened today. The inbox tells: it was last written when the message was opened, or
later. So the mtime with which a message is first seen opened counts, and is kept, as the next
message moves it. Without that record, mail counts as opened later than it was, never earlier.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduled.ecosystem.mailbox import Mailbox, Message, is_undated
from scheduled.system import private

Seen = dict[str, tuple[float, int]]
"""By message: when it was first seen opened, epoch seconds, and how many look the same."""

NAME = "opened_mail.json"


class OpenedMail:
    """What is known of all inboxes."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / NAME
        self._before = _load(self._path)
        self._now = dict(self._before)

    def opened_by(self, box: Mailbox, now: datetime) -> Callable[[Message], datetime]:
        """Note the opened mail of an inbox; return what says when each was opened at the latest."""
        undated = Counter(_identity(message) for message in box.messages if is_undated(message))
        known = self._before.get(str(box.folder), {})
        present, written = now.timestamp(), box.written_at
        seen: Seen = {}
        for identity, count in undated.items():
            first, alike = known.get(identity, (written, 0))
            # What lies in the future was remembered, or written, under a clock that was wrong.
            seen[identity] = (min(first if count <= alike else written, present), count)
        self._now[str(box.folder)] = seen
        return lambda message: datetime.fromtimestamp(seen[_identity(message)][0], UTC)

    def save(self, folders: Collection[str]) -> None:
        """Save what is known of these mailboxes; the others are gone."""
        now = {folder: seen for folder, seen in self._now.items() if seen and folder in folders}
        if now != self._before:
            with contextlib.suppress(OSError):  # then mail counts as opened later
                private.make_folder(self._path.parent)
                private.replace(self._path, json.dumps(now).encode())


def _identity(message: Message) -> str:
    parts = (message.get(key) for key in ("id", "timestamp", "from", "subject"))
    return " ".join(json.dumps(part)[:100] for part in parts)


def _load(path: Path) -> dict[str, Seen]:
    try:
        document = json.loads(private.read(path))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {folder: _seen(entries) for folder, entries in document.items()}


def _seen(entries: Any) -> Seen:
    if not isinstance(entries, dict):
        return {}
    return {
        identity: (float(entry[0]), entry[1])
        for identity, entry in entries.items()
        if isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[0], int | float)
        and isinstance(entry[1], int)
    }
