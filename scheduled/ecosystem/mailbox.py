"""A mailbox: the folder a branch receives its mail in, and its `inbox.json`.

Every program that delivers locks `.inbox.lock` while it reads, changes and writes; this one
does so with a limited wait. An inbox that cannot be parsed is never written. Unknown content
(keys, entries, their order, the shape of the whole) is written back as it was.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.errors import LockedError, UnparsableFileError, UnreadableFileError, cut, reason_of
from scheduled.quick_classes import dataclass, field
from scheduled.system.files import Stamp, json_bytes, parse_json
from scheduled.system.folder import Folder, Found
from scheduled.system.folder_lock import locked

Message = dict[str, Any]

INBOX = "inbox.json"
LOCK = ".inbox.lock"
WAIT = 10.0
"""Seconds to wait for a mailbox that somebody else holds."""

SETTLED = 1.0
"""Seconds for which an empty inbox is watched that was written just now."""
POLL = 0.01

SENDER = "@trigger"
"""The address our own mail comes from."""
SENT_BY = "scheduled"
"""What our mail has in its `metadata`, under `sent_by`: AIPass's trigger sends mail of its own."""

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
    written_at: float = float("inf")
    """When the file was last written: never before any of this was in it. Epoch seconds."""
    seen: Stamp | None = None
    """The stamp of the file from before it was read."""
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
    unreadable: tuple[str, ...] = ()
    """The messages of which that is unknown, each with the reason."""


def read(folder: Path) -> Mailbox:
    """Return the inbox of a mailbox.

    Empty if the folder has no inbox yet, or an empty file. Raises UnreadableFileError for a missing
    folder, an inbox that cannot be understood, and one that leads outside the branch.
    """
    with opened(folder) as place:
        return read_in(place, folder)


def read_in(place: Folder, folder: Path) -> Mailbox:
    """Return the inbox of a mailbox that is open already. Raises UnreadableFileError as `read`."""
    # ai_mail writes in place, under the lock: what looks broken or empty may be half written.
    with contextlib.suppress(UnreadableFileError):
        return _read(place, folder, empty=False)
    if place.stamp(LOCK) is None:
        return _read(place, folder)
    try:
        with _locked(place, folder, WAIT):
            return _read(place, folder)
    except LockedError as error:
        raise UnreadableFileError(folder / INBOX, f"half written, it seems; {error}") from error


@contextlib.contextmanager
def editing(folder: Path, wait: float = WAIT) -> Iterator[Mailbox]:
    """Yield the inbox under its lock; if it was changed, write it back with new counts.

    An exception inside leaves the file as it was. Raises LockedError after `wait` seconds, or if
    another program wrote without the lock meanwhile; UnreadableFileError as `read`; OSError if it
    cannot be written.
    """
    with opened(folder) as place, _locked(place, folder, wait), _inbox(place, folder) as found:
        before = _settled(found)
        box = _read(place, folder)
        yield box
        if box.changed:
            found.folder.replace(found.name, _content(box), before=before)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Folder]:
    """Yield a mailbox as an open folder, out of whose branch no link leads.

    Raises UnreadableFileError: mail is never read from or written to wherever a link in a mailbox
    points that others could have made, or that leads outside the branch.
    """
    with _told(folder), Folder.within_itself(folder.parent) as branch:
        place = branch.inner(folder.name)
    with place:
        yield place


def create(folder: Path) -> None:
    """Create the mailbox of a branch that has none, as ai_mail does when it delivers to it.

    The inbox itself comes with the first message. Raises UnreadableFileError if the branch has no
    directory, or something else stands where its mailbox belongs; OSError if it cannot be created.
    """
    if not os.path.isdir(folder.parent):
        raise UnreadableFileError(folder.parent, "no such directory; correct the registry")
    with Folder.within_itself(folder.parent) as branch:
        if branch.stamp(folder.name) is not None:
            raise UnreadableFileError(folder, "not a directory, so it cannot be the mailbox")
        with branch.make(folder.name) as box, box.make("sent"):
            pass


def is_unread(message: Message) -> bool:
    """Return whether a message is unopened: `new`, or in the old format not `read`."""
    return status(message) == "new"


def is_notice(message: Message) -> bool:
    """Return whether a message is a standing notice of this program, which is updated in place."""
    return message.get("from") == SENDER and bool(message.get("upsert_key"))


def is_ours(message: Message) -> bool:
    """Return whether this program sent a message: nobody else wrote it to anybody.

    Earlier versions marked only their standing notices.
    """
    metadata = message.get("metadata")
    sent_by = metadata.get("sent_by") if isinstance(metadata, dict) else None
    return message.get("from") == SENDER and (sent_by == SENT_BY or is_notice(message))


def status(message: Message) -> str:
    """Return `new`, `opened` or `closed`; messages in the old format have `read` instead."""
    given = message.get("status")
    if isinstance(given, str) and given:
        return given
    return "opened" if message.get("read") is True else "new"


def is_undated(message: Message) -> bool:
    """Return whether a message was opened and does not say when."""
    stated = message.get("opened_at") or message.get("auto_opened_at")
    return not stated and status(message) == "opened"


def since(message: Message, zone: tzinfo, opened_by: Callable[[Message], datetime]) -> datetime:
    """Return when a message entered its status, UTC. Raises ValueError if that cannot be read.

    An opened message counts from when it was opened, never from its delivery: otherwise one tick
    would open it and the next close it. If it does not say when, `opened_by` does.
    """
    if is_undated(message):
        return opened_by(message)
    if status(message) == "opened":
        return timestamps.parse(message.get("opened_at") or message["auto_opened_at"], zone)
    return timestamps.parse(message.get("timestamp"), zone)


def stale(
    box: Mailbox, now: datetime, zone: tzinfo, opened_by: Callable[[Message], datetime]
) -> Stale:
    """Return how many messages of an inbox have waited too long, but for those we sent.

    Otherwise a notice that nobody reads would be the reason for the next one.
    """
    counts = {"new": 0, "opened": 0}
    limits = {"new": STALE_NEW, "opened": STALE_OPENED}
    unreadable = []
    for message in box.messages:
        state = status(message)
        if state not in limits or is_ours(message):
            continue
        try:
            counts[state] += now - since(message, zone, opened_by) > limits[state]
        except ValueError as error:
            unreadable.append(of_unknown_age(message, error))
    return Stale(**counts, unreadable=tuple(unreadable))


def of_unknown_age(message: Message, error: Exception) -> str:
    """Return which message it is of which nobody can say how long it has waited, and why."""
    name = message.get("id")
    which = f"message {cut(str(name), 60)}" if name else "a message without an id"
    return f"{which}: {error}"


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say which file or folder an error is about."""
    try:
        yield
    except FileNotFoundError:
        raise UnreadableFileError(path, "no such file or directory") from None
    except OSError as error:
        raise UnreadableFileError(path, reason_of(error)) from error


@contextlib.contextmanager
def _inbox(place: Folder, folder: Path) -> Iterator[Found]:
    """Yield where the inbox is, which need not exist."""
    with contextlib.ExitStack() as stack:
        with _told(folder / INBOX):
            found = stack.enter_context(place.found(INBOX))
        yield found


def _settled(found: Found) -> Stamp | None:
    """Return the stamp of the inbox, None if there is none; an empty one is watched for a while.

    A program that writes in place, without the lock, empties the file first. Taken for an empty
    inbox it would be replaced, with all mail in it, while the other program writes.
    """
    until = time.monotonic() + SETTLED
    while True:
        seen = found.folder.stamp(found.name)
        is_in_doubt = seen is not None and not seen[0] and _is_young(seen)
        if not is_in_doubt or time.monotonic() >= until:
            return seen
        time.sleep(POLL)


def _is_young(seen: Stamp) -> bool:
    now = time.time()  # noqa: TID251 - of the file system's clock only this is left to compare
    return abs(now - seen[1] / 1e9) < SETTLED


def _read(place: Folder, folder: Path, *, empty: bool = True) -> Mailbox:
    try:
        seen, data = place.read_stamped(INBOX)
        # Taken after the content: before, it could be older than what was read.
        after = place.stamp(INBOX)
    except FileNotFoundError:
        return _empty(folder)
    except OSError as error:
        after = place.stamp(INBOX)
        if after is None or not place.is_link(INBOX):
            raise UnreadableFileError(folder / INBOX, reason_of(error)) from error
        with _inbox(place, folder) as found, _told(folder / INBOX):
            seen, data = found.folder.read_stamped(found.name)
            after = found.folder.stamp(found.name)
    if not data and empty:
        return _empty(folder)
    path = folder / INBOX
    document = parse_json(data, path)
    written_at = after[1] / 1e9 if after else float("inf")
    return Mailbox(folder, document, _entries(document, path), written_at, seen)


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
    raise UnparsableFileError(path, "has no list of messages; fix it. Nothing was changed")


def _content(box: Mailbox) -> bytes:
    """Return the file with new counts, ready to be written: nothing is left to do after a check."""
    if isinstance(box.document, dict):
        box.document["total_messages"] = len(box.messages)
        box.document["unread_count"] = box.unread
    return json_bytes(box.document)


@contextlib.contextmanager
def _locked(place: Folder, folder: Path, wait: float) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(place, LOCK, wait))
        except LockedError:
            raise LockedError(
                f"{folder / LOCK}: held by another program for more than {wait:g} s; "
                "tried again later"
            ) from None
        except OSError as error:
            reason = reason_of(error)
            raise UnreadableFileError(folder / LOCK, f"cannot be locked: {reason}") from error
        yield
