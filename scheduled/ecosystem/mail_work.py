"""When a branch last did something with its mail: sent, opened or closed a message.

Mail that it received and did not open is the work of others. What this program sent, opened or
closed for it is nobody's.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import activity, archive, mailbox, timestamps
from scheduled.ecosystem.mailbox import Mailbox, Message
from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import parse_json
from scheduled.system.folder import Folder

BESIDE = (archive.SENT, archive.DELETED)
"""The folders in a mailbox for mail that was sent, and for mail that was closed."""

MOST_READ = 1000
"""Files of a folder: nobody sends more in a day, and a sweep has other branches to look into."""

CLOSED_AT_ONCE = timedelta(hours=24)
"""Whoever closes a message so soon has read it; `mail_cleanup` leaves it alone for days."""

# A file is named after the local time at which it was written.
_NAME = re.compile(r"(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_.*\.json")


class Latest(NamedTuple):
    """The last sign of work, in epoch seconds; None if there is none that is worth mentioning."""

    moment: float | None
    is_final: bool = True
    """Whether it stays the last one while nothing changes: what lies far ahead may be later."""


def in_inbox(box: Mailbox, now: datetime, zone: tzinfo) -> Latest:
    """Return when a message in the inbox was last opened by its reader, at the earliest."""
    opened = (_opened(message, zone) for message in box.messages)
    return _latest((moment.timestamp() for moment in opened if moment), now)


def beside_inbox(folder: Folder, kind: str, now: datetime, zone: tzinfo) -> Latest:
    """Return when a message was last put into the folder of a kind, one of BESIDE, by its owner.

    What is older than a day of activity is not looked for. Raises OSError.
    """
    start = (now - activity.WINDOW).timestamp()
    until = (now + activity.AHEAD).timestamp()
    dated, undated, ahead = [], [], []
    for name in folder.names():
        moment = _named_after(name, zone)
        if moment is None:
            undated += [name] if name.endswith(".json") else []
        elif moment > until:
            ahead.append(moment)
        elif moment >= start:
            dated.append((moment, name))
    newest = sorted(dated, reverse=True)[:MOST_READ]
    moments = [*_undated(folder, sorted(undated)[:MOST_READ], kind, zone), *ahead]
    return _latest([*moments, *_first(folder, newest, kind, zone)], now)


def _first(
    folder: Folder, newest: Iterable[tuple[float, str]], kind: str, zone: tzinfo
) -> Iterator[float]:
    """Yield the first that its owner has put there."""
    for moment, name in newest:
        message = _message(folder, name)
        if message is not None and _is_own_work(message, kind, moment, zone):
            yield moment
            return


def _undated(folder: Folder, names: Iterable[str], kind: str, zone: tzinfo) -> Iterator[float]:
    for name in names:
        message = _message(folder, name)
        key = "archived_at" if kind == archive.DELETED else "timestamp"
        moment = timestamps.readable(message.get(key), zone) if message else None
        if message and moment and _is_own_work(message, kind, moment.timestamp(), zone):
            yield moment.timestamp()


def _latest(moments: Iterable[float], now: datetime) -> Latest:
    present = now.timestamp()
    until = present + activity.AHEAD.total_seconds()
    all_moments = [*moments]
    believed = [moment for moment in all_moments if moment <= until]
    return Latest(max(believed, default=None), is_final=len(believed) == len(all_moments))


def _opened(message: Message, zone: tzinfo) -> datetime | None:
    """Return when its reader opened a message, at the earliest; None if that was not so."""
    if mailbox.is_unread(message) or message.get("auto_opened") is True or mailbox.is_ours(message):
        return None
    stated = timestamps.readable(message.get("opened_at"), zone)
    return stated or timestamps.readable(message.get("timestamp"), zone)


def _is_own_work(message: Message, kind: str, moment: float, zone: tzinfo) -> bool:
    if mailbox.is_ours(message):
        return False
    if kind == archive.SENT:
        return True
    delivered = timestamps.readable(message.get("timestamp"), zone)
    if delivered is None or message.get("auto_opened") is True:
        return False
    return moment - delivered.timestamp() < CLOSED_AT_ONCE.total_seconds()


def _named_after(name: str, zone: tzinfo) -> float | None:
    """Return the time that a file is named after; None if it is not."""
    named = _NAME.fullmatch(name)
    if named is None:
        return None
    year, month, day, hour, minute, second = named.groups()
    moment = timestamps.readable(f"{year}-{month}-{day} {hour}:{minute}:{second}", zone)
    return moment.timestamp() if moment else None


def _message(folder: Folder, name: str) -> dict[str, Any] | None:
    try:
        with folder.found(name) as found:
            document = parse_json(found.folder.read_stamped(found.name)[1], Path(name))
    except (OSError, UnreadableFileError):
        return None
    return document if isinstance(document, dict) else None
