"""Mail activity: how much a branch sent and received recently, closed mail included.

What this program sent is nobody's: neither the trigger's, which has a copy, nor its readers'.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import archive, mailbox, timestamps
from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import parse_json
from scheduled.system.folder import Folder

# A copy is named after the local time it was made at, which is never before the message's own.
# A day of grace covers every zone it may have been written in.
_NAME = re.compile(r"(\d{8}_\d{6})_.*\.json")
_GRACE = timedelta(days=1)


class Activity(NamedTuple):
    """The messages of one branch."""

    sent: int
    received: int
    notices: int = 0
    """Those that this program sent and that lie in the inbox, however old."""
    unread_notices: int = 0


def since(folder: Path, start: datetime, zone: tzinfo) -> Activity:
    """Return what a mailbox's owner sent and received after `start`, without unreadable mail."""
    inbox = _inbox(folder)
    received = [*inbox, *_beside_inbox(folder, archive.DELETED, start, zone)]
    sent = _beside_inbox(folder, archive.SENT, start, zone)
    return Activity(
        sent=sum(_is_later(message, start, zone) for message in sent),
        received=sum(_is_later(message, start, zone) for message in received),
        notices=sum(map(mailbox.is_ours, inbox)),
        unread_notices=sum(mailbox.is_ours(each) and mailbox.is_unread(each) for each in inbox),
    )


def _inbox(folder: Path) -> list[mailbox.Message]:
    try:
        return mailbox.read(folder).messages
    except (UnreadableFileError, OSError):
        return []


def _beside_inbox(folder: Path, name: str, start: datetime, zone: tzinfo) -> Iterator[Any]:
    """Yield the messages beside the inbox that may be later than `start`, in any format."""
    oldest = (start.astimezone(zone) - _GRACE).strftime("%Y%m%d_%H%M%S")
    try:
        with mailbox.opened(folder) as place:
            yield from _later_than(oldest, place, name)
            old_form = _document(place, f"{name}.json")
    except UnreadableFileError:
        return
    messages = old_form.get("messages") if isinstance(old_form, dict) else None
    yield from messages if isinstance(messages, list) else []


def _later_than(oldest: str, place: Folder, name: str) -> Iterator[Any]:
    try:
        inside = place.inner(name)
    except OSError:
        return
    with inside:
        for each in inside.names():
            named = _NAME.fullmatch(each)
            if each.endswith(".json") and (named is None or named[1] >= oldest):
                yield _document(inside, each)


def _document(folder: Folder, name: str) -> Any:
    try:
        with folder.found(name) as found:
            return parse_json(found.folder.read_stamped(found.name)[1], Path(name))
    except (OSError, UnreadableFileError):
        return None


def _is_later(message: Any, start: datetime, zone: tzinfo) -> bool:
    if not isinstance(message, dict) or mailbox.is_ours(message):
        return False
    stated = message.get("timestamp")
    moment = timestamps.readable(stated, zone) if stated is not None else None
    return moment is not None and moment > start
