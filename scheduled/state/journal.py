"""The append-only record of all events: one file a day, one JSON line an event.

Each file starts with a snapshot of the state, so the newest file alone can rebuild it. An append is
one write, made while holding the journal's lock, and a sync, which several appends may share. A
crash can only cut the last line short, and readers ignore a line without its end.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from scheduled.errors import StateError, reason_of
from scheduled.system.files import sync_folder

Event = Mapping[str, Any]
"""Any event, those of other versions of the program among them."""

SUFFIX = ".jsonl"
MODE = 0o600
DAY_FILE = re.compile(r"\d{4}-\d{2}-\d{2}\.jsonl")
"""The names of the files."""


class Position(NamedTuple):
    """A place between two events: after `offset` bytes of the file called `name`."""

    name: str
    offset: int


class ReadBatch(NamedTuple):
    """Events read in one go, where the next ones will start, and the lines that are damaged."""

    events: tuple[Event, ...]
    end: Position | None
    broken: tuple[str, ...] = ()


class Journal:
    """The journal in `folder`, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return the file names, oldest day first. Raises StateError if that is not possible."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateError(f"{self.folder}: cannot be read: {reason_of(error)}") from error
        return sorted(name for name in names if DAY_FILE.fullmatch(name))

    def read(self, start: Position | None) -> ReadBatch:
        """Read every whole line from `start` on, through all later files; None reads all files."""
        events: list[Event] = []
        broken: list[str] = []
        end = start
        for name in self.names():
            if start is not None and name < start.name:
                continue
            offset = start.offset if start is not None and name == start.name else 0
            data = self._tail(name, offset) if self._reaches_beyond(name, offset) else b""
            whole = data.rfind(b"\n") + 1
            for number, line in enumerate(data[:whole].splitlines(), start=1):
                event = _event(line)
                if event is not None:
                    events.append(event)
                elif line.strip():
                    broken.append(f"{name}: line {number} after byte {offset} is damaged, ignored")
            end = Position(name, offset + whole)
        return ReadBatch(tuple(events), end, tuple(broken))

    def newest_snapshot(self) -> Position | None:
        """Return the position of the newest readable snapshot; None if there is none."""
        for name in reversed(self.names()):
            lines = self._tail(name, 0).splitlines(keepends=True)
            offset = sum(map(len, lines))
            for text in reversed(lines):
                offset -= len(text)
                event = _event(text)
                if event is not None and event["event"] == "snapshot":
                    return Position(name, offset)
        return None

    def holds(self, position: Position) -> bool:
        """Return whether the file of `position` exists and has the end of a line there."""
        try:
            with open(self.folder / position.name, "rb") as stream:
                if position.offset == 0:
                    return True
                stream.seek(position.offset - 1)
                return stream.read(1) == b"\n"
        except (OSError, ValueError, OverflowError):
            return False

    def append(self, name: str, events: Sequence[Event], *, sync: bool) -> None:
        """Append events to the file `name`, all or none. Raises StateError."""
        data = b"".join(line(event) for event in events)
        with self._opened(name, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
            _write_whole(descriptor, data, sync=sync)

    def sync(self, name: str) -> None:
        """Sync the file `name` to the disk. Raises StateError."""
        with self._opened(name, os.O_RDONLY) as descriptor:
            os.fdatasync(descriptor)

    @contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        path = self.folder / name
        try:
            descriptor = os.open(path, flags, MODE)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StateError(_unsaved(path, error)) from error

    def begin_file(self, name: str, snapshot: Event) -> None:
        """Start the file `name` with `snapshot`, complete or not at all. Raises StateError."""
        path = self.folder / name
        beside = self.folder / f".{name}.new"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(beside, "wb", opener=_private) as stream:
                stream.write(line(snapshot))
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, path)
            sync_folder(self.folder)
        except OSError as error:
            raise StateError(_unsaved(path, error)) from error

    def outdated(self, today: date, keep_days: int) -> list[str]:
        """Return the files of days before the last `keep_days`; never the newest file."""
        oldest = (today - timedelta(days=keep_days)).isoformat()
        # At least `keep_days` files stay: a clock that is years ahead once deletes nothing.
        others = self.names()[: -keep_days - 1]
        return [name for name in others if name.removesuffix(SUFFIX) < oldest]

    def prune(self, today: date, keep_days: int) -> list[str]:
        """Delete the `outdated` files and return their names."""
        names = self.outdated(today, keep_days)
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
        return names

    def _reaches_beyond(self, name: str, offset: int) -> bool:
        """Return whether there is anything to read; `stat` is much cheaper than an empty read."""
        try:
            return os.stat(f"{self.folder}/{name}").st_size > offset
        except OSError:
            return True  # reading it raises the reason

    def _tail(self, name: str, offset: int) -> bytes:
        try:
            with open(self.folder / name, "rb") as stream:
                stream.seek(offset)
                return stream.read()
        except FileNotFoundError:
            return b""  # pruned meanwhile by another tick
        except OSError as error:
            raise StateError(f"{self.folder / name}: cannot be read: {reason_of(error)}") from error


def file_name(instant: datetime) -> str:
    """Return the name of the file for the day of `instant`, in UTC."""
    return instant.strftime("%Y-%m-%d") + SUFFIX


def line(event: Event) -> bytes:
    """Return an event as a line of a file: compact JSON, ASCII, a newline."""
    return json.dumps(event, separators=(",", ":")).encode("ascii") + b"\n"


def since_snapshot(events: Sequence[Event]) -> Iterator[Event]:
    """Yield the newest snapshot among `events` and all after it; nothing if there is none."""
    starts = [at for at, event in enumerate(events) if event.get("event") == "snapshot"]
    if starts:
        yield from events[starts[-1] :]


def _event(text: bytes) -> Event | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _write_whole(descriptor: int, data: bytes, *, sync: bool) -> None:
    size = os.fstat(descriptor).st_size
    # A line that a crash cut short has no newline; it must not swallow our first event.
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data = b"\n" + data
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        if sync:
            os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, MODE)


def _unsaved(path: Path, error: OSError) -> str:
    return (
        f"{path}: cannot be written: {reason_of(error)}; no job is started until it can be, "
        "and a run that has just ended will count as interrupted"
    )
