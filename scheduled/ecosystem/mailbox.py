"""A mailbox: the folder a branch receives its mail in, and its `inbox.json`.

Every program that delivers locks `.inbox.lock` while it reads, changes and writes; this one
does so with a limited wait. An inbox that cannot be parsed is never written. Unknown content
(keys, entries, their order, the shape of the whole) is written back as it was.
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
        """Return the messages, newest first, without other entries, which stay in the file."""
        return [entry for entry in self.entries if isinstance(entry, dict)]

    @property
    def unread(self) -> int:
        """Return how many messages are unopened."""
        return sum(map(is_unread, self.messages))

    def insert(self, message: Message) -> None:
        """Insert a new message before the others."""
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
        """Remove messages: these very objects, not equal ones."""
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
    """Return the inbox of a mailbox.

    Empty if the folder has no inbox yet, or an empty file. Raises UnreadableFileError for a missing
    folder, an inbox that cannot be understood, and one that leads outside the branch.
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
        raise UnreadableFileError(folder / INBOX, f"seems to be half written; {error}") from error


@contextlib.contextmanager
def editing(folder: Path, wait: float = WAIT) -> Iterator[Mailbox]:
    """Yield the inbox under its lock; if it was changed, write it back with new counts.

    An exception inside leaves the file as it was. Raises LockedError after `wait` seconds, or if
    another program wrote without the lock meanwhile; UnreadableFileError as `read`; OSError if it
    cannot be written.
    """
    with _locked(confined(folder), wait):
        path = folder / INBOX
        before = stamp(path)
        box = _read(folder)
        yield box
        if box.changed:
            _write(box, path, before)


def create(folder: Path) -> None:
    """Create the mailbox of a branch that has none, as ai_mail does when it delivers to it.

    The inbox itself comes with the first message. Raises UnreadableFileError if the branch has no
    directory, or something else stands where its mailbox belongs; OSError if it cannot be created.
    """
    if not os.path.isdir(folder.parent):
        raise UnreadableFileError(folder.parent, "no such directory; correct the registry")
    if os.path.lexists(folder):
        raise UnreadableFileError(folder, "not a directory, so it cannot be the mailbox")
    for path in (folder, folder / "sent"):
        path.mkdir(exist_ok=True)
        give_to_owner(path, path.parent)


def is_unread(message: Message) -> bool:
    """Return whether a message is unopened: `new`, or in the old format not `read`."""
    return status(message) == "new"


def is_notice(message: Message) -> bool:
    """Return whether a message is a standing notice of this program, which is updated in place."""
    return message.get("from") == SENDER and bool(message.get("upsert_key"))


def status(message: Message) -> str:
    """Return `new`, `opened` or `closed`; messages in the old format have `read` instead."""
    given = message.get("status")
    if isinstance(given, str) and given:
        return given
    return "opened" if message.get("read") is True else "new"


def since(message: Message, zone: tzinfo) -> datetime:
    """Return when a message entered its status, UTC. Raises ValueError if that cannot be read.

    An opened message counts from when it was opened, not from its delivery: otherwise one tick
    would open it and the next close it.
    """
    if status(message) == "opened":
        for key in ("opened_at", "auto_opened_at"):
            if message.get(key):
                return timestamps.parse(message[key], zone)
    return timestamps.parse(message.get("timestamp"), zone)


def stale(box: Mailbox, now: datetime, zone: tzinfo) -> Stale:
    """Return how many messages of an inbox have waited too long, ignoring unreadable timestamps."""
    counts = {"new": 0, "opened": 0}
    limits = {"new": STALE_NEW, "opened": STALE_OPENED}
    for message in box.messages:
        state = status(message)
        if state in limits and _waited(message, now, zone) > limits[state]:
            counts[state] += 1
    return Stale(**counts)


def confined(path: Path, branch: Path | None = None) -> Path:
    """Return `path` if it exists and lies inside its branch after following links.

    The branch is the parent folder of a mailbox. Raises UnreadableFileError otherwise: mail is
    never read from or written to wherever a link in a mailbox points.
    """
    home = os.fspath(branch or path.parent)
    if _has_link(os.fspath(path), home):
        real = os.path.realpath(path)
        if not Path(real).is_relative_to(os.path.realpath(home)):
            raise UnreadableFileError(path, f"leads outside the branch, to {real}")
    try:
        os.stat(path)
    except FileNotFoundError:
        raise UnreadableFileError(path, "no such file or directory") from None
    except OSError as error:
        reason = reason_of(error)
        raise UnreadableFileError(path, reason) from error
    return path


def _has_link(path: str, home: str) -> bool:
    """Return whether `path` or a folder between `home` and it is a link."""
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
    """Return whether an inbox exists, even as a broken link. Only absence counts as none."""
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
    raise UnreadableFileError(path, "has no list of messages; fix it. Nothing was changed")


def _write(box: Mailbox, path: Path, before: Stamp | None) -> None:
    if isinstance(box.document, dict):
        box.document["total_messages"] = len(box.messages)
        box.document["unread_count"] = box.unread
    if stamp(path) != before:
        raise LockedError(
            f"{path}: written by somebody who did not take {LOCK}; left alone, tried again later"
        )
    replace_json(path, box.document)
    if before is None:
        give_to_owner(path, box.folder)


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
    """Give files that root's tick creates to the owner of the folder, who needs to use them."""
    if os.geteuid() != 0:
        return
    owner, now = folder.stat(), path.lstat()
    if (owner.st_uid, owner.st_gid) != (now.st_uid, now.st_gid):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
