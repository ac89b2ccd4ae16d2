"""A mailbox: the folder a branch gets its mail in, and its `inbox.json`.

Everybody who delivers locks `.inbox.lock` around read, change and write; so do we, with a wait
that ends. An inbox that cannot be parsed is never written. What we do not know in it (keys,
entries, their order, the shape of the whole) is written back as it was.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.errors import LockedError, UnreadableFileError, reason_of
from scheduled.system.files import Stamp, parse_json, read_bytes, replace_json, stamp

Message = dict[str, Any]

INBOX = "inbox.json"
LOCK = ".inbox.lock"
WAIT = 10.0
"""Seconds to wait for a mailbox that somebody else holds."""

SENDER = "@trigger"
"""The address our own mail comes from."""

STALE_NEW = timedelta(hours=48)
STALE_OPENED = timedelta(hours=24)


@dataclass
class Mailbox:
    """An inbox as it was read, newest message first. Change it through the methods only."""

    folder: Path
    document: Any
    """The whole file: `{"messages": [...]}`, the older `{"inbox": [...]}`, or a bare list."""
    entries: list[Any]
    """The list inside `document`, with whatever in it is no message."""
    changed: bool = field(default=False, init=False)

    @property
    def messages(self) -> list[Message]:
        """The messages, newest first; other entries are left out, yet kept in the file."""
        return [entry for entry in self.entries if isinstance(entry, dict)]

    @property
    def unread(self) -> int:
        """How many messages nobody has opened."""
        return sum(map(is_unread, self.messages))

    def insert(self, message: Message) -> None:
        """Put a new message in front of the others."""
        self.entries.insert(0, message)
        self.changed = True

    def update(self, message: Message, /, **values: Any) -> None:
        """Change fields of one of the messages; None removes a field."""
        for key, value in values.items():
            if value is None:
                message.pop(key, None)
            else:
                message[key] = value
        self.changed = True

    def remove(self, gone: list[Message]) -> None:
        """Take messages out: these very objects, not others that look alike."""
        identities = {id(message) for message in gone}
        self.entries[:] = [entry for entry in self.entries if id(entry) not in identities]
        self.changed = self.changed or bool(gone)


@dataclass(frozen=True)
class Stale:
    """How many messages have waited too long."""

    new: int
    """Unopened for more than 48 hours."""
    opened: int
    """Opened more than 24 hours ago and still not closed."""


def read(folder: Path) -> Mailbox:
    """The inbox of a mailbox as it is now.

    Empty where the folder has no inbox yet, or one of zero bytes. Raises UnreadableFileError for
    a missing folder, an inbox that cannot be understood, and one that leads outside the branch.
    """
    # ai_mail writes in place, under the lock: what looks broken or empty may be half written.
    with contextlib.suppress(UnreadableFileError):
        return _read(folder, empty=False)
    if not os.path.lexists(confined(folder) / LOCK):
        return _read(folder)
    try:
        with _locked(folder, WAIT):
            return _read(folder)
    except LockedError as error:
        raise UnreadableFileError(folder / INBOX, f"half written, it seems; {error}") from error


@contextlib.contextmanager
def editing(folder: Path, wait: float = WAIT) -> Iterator[Mailbox]:
    """The inbox under its lock, written back at the end if it was changed, counts recomputed.

    An exception inside leaves the file as it was. Raises LockedError after `wait` seconds, or
    when somebody wrote without the lock meanwhile; UnreadableFileError as `read`; OSError when
    it cannot be written.
    """
    with _locked(confined(folder), wait):
        path = folder / INBOX
        before = stamp(path)
        box = _read(folder)
        yield box
        if box.changed:
            _write(box, path, before)


def is_unread(message: Message) -> bool:
    """Whether nobody has opened it: status `new`, or the older form without a status or `read`."""
    return status(message) == "new"


def is_notice(message: Message) -> bool:
    """Whether it is a standing notice of ours: from us, in a slot that is updated."""
    return message.get("from") == SENDER and bool(message.get("upsert_key"))


def one_line(value: Any, length: int) -> str:
    """A text as one line of at most `length` characters; empty for what is no text."""
    text = value if isinstance(value, str) else ""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:length].rstrip()


def status(message: Message) -> str:
    """`new`, `opened` or `closed`, as the message says; the older form says `read` instead."""
    given = message.get("status")
    if isinstance(given, str) and given:
        return given
    return "opened" if message.get("read") is True else "new"


def since(message: Message, zone: tzinfo) -> datetime:
    """When a message entered the status it has, UTC. Raises ValueError if that cannot be read.

    An opened one counts from when it was opened, not from its delivery: else one tick would
    open it and the next close it.
    """
    if status(message) == "opened":
        for key in ("opened_at", "auto_opened_at"):
            if message.get(key):
                return timestamps.parse(message[key], zone)
    return timestamps.parse(message.get("timestamp"), zone)


def stale(box: Mailbox, now: datetime, zone: tzinfo) -> Stale:
    """How many messages of an inbox have waited too long; unreadable timestamps do not count."""
    counts = {"new": 0, "opened": 0}
    limits = {"new": STALE_NEW, "opened": STALE_OPENED}
    for message in box.messages:
        state = status(message)
        if state in limits and _waited(message, now, zone) > limits[state]:
            counts[state] += 1
    return Stale(**counts)


def confined(path: Path, branch: Path | None = None) -> Path:
    """`path`, if it exists and lies inside the branch it belongs to, symlinks followed.

    The branch is the parent folder of a mailbox. Raises UnreadableFileError otherwise: mail is
    never read from, or written to, where a link in a mailbox happens to point.
    """
    home = os.fspath(branch or path.parent)
    if _has_link(os.fspath(path), home):
        real = os.path.realpath(path)
        if not Path(real).is_relative_to(os.path.realpath(home)):
            raise UnreadableFileError(path, f"leads outside the branch, to {real}")
    try:
        os.stat(path)
    except FileNotFoundError:
        raise UnreadableFileError(path, "no such file or folder") from None
    except OSError as error:
        reason = reason_of(error)
        raise UnreadableFileError(path, reason) from error
    return path


def _has_link(path: str, home: str) -> bool:
    """Whether anything between `home` and `path`, itself included, is a symlink."""
    while len(path) > len(home):
        if os.path.islink(path):
            return True
        path = os.path.dirname(path)
    return False


def _read(folder: Path, *, empty: bool = True) -> Mailbox:
    path = folder / INBOX
    if not _is_there(path):
        confined(folder)
        return _empty(folder)
    confined(path, branch=folder.parent)
    data = read_bytes(path)
    if not data and empty:
        return _empty(folder)
    document = parse_json(data, path)
    return Mailbox(folder, document, _entries(document, path))


def _is_there(path: Path) -> bool:
    """Whether an inbox is there, be it a link that leads nowhere. Only absence counts as none."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        reason = reason_of(error)
        raise UnreadableFileError(path, reason) from error
    return True


def _waited(message: Message, now: datetime, zone: tzinfo) -> timedelta:
    try:
        return now - since(message, zone)
    except ValueError:
        return timedelta(0)


def _empty(folder: Path) -> Mailbox:
    entries: list[Any] = []
    counts = {"mailbox": "inbox", "total_messages": 0, "unread_count": 0}
    return Mailbox(folder, {**counts, "messages": entries}, entries)


def _entries(document: Any, path: Path) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        if not document:
            document["messages"] = []
        for key in ("messages", "inbox"):
            if isinstance(document.get(key), list):
                entries: list[Any] = document[key]
                return entries
    raise UnreadableFileError(path, "no list of messages in it; mend it, nothing was changed")


def _write(box: Mailbox, path: Path, before: Stamp | None) -> None:
    if isinstance(box.document, dict):
        box.document["total_messages"] = len(box.messages)
        box.document["unread_count"] = box.unread
    if stamp(path) != before:
        raise LockedError(
            f"{path}: written by somebody who did not take {LOCK}; left alone, tried again later"
        )
    replace_json(path, box.document)


@contextlib.contextmanager
def _locked(folder: Path, wait: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:  # where it would fall back, it would be to a lock that the others' flock does not see
        lock = FileLock(folder / LOCK, timeout=wait, fallback_to_soft=False)
    except TypeError:  # filelock before 4.2 never falls back
        lock = FileLock(folder / LOCK, timeout=wait)
    try:
        lock.acquire(poll_interval=0.01)
    except Timeout:
        raise LockedError(
            f"{folder / LOCK}: held by another program for more than {wait:g} s; tried again later"
        ) from None
    except OSError as error:
        reason = reason_of(error)
        raise UnreadableFileError(folder / LOCK, f"cannot be locked: {reason}") from error
    try:
        give_to_owner(folder / LOCK, folder)
        yield
    finally:
        lock.release()


def give_to_owner(path: Path, folder: Path) -> None:
    """Let what root's tick creates belong to the owner of the folder, who must use it later."""
    if os.geteuid() != 0:
        return
    owner, now = folder.stat(), path.lstat()
    if (owner.st_uid, owner.st_gid) != (now.st_uid, now.st_gid):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
