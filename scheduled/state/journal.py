"""The append-only record of all events: one file a day, one JSON line an event.

Each file starts with a snapshot of the state, so the newest file alone can rebuild it. The files
stand in the order of their numbers, not of their names: a clock may have been wrong. An append is
one write, made while holding the journal's lock, and a sync, which several appends may share. A
crash can only cut the last line short, and readers ignore a line without its end.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import accumulate
from pathlib import Path

from scheduled.errors import StateError, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.state import lines
from scheduled.state.day_files import DayFiles, reading
from scheduled.state.lines import Event
from scheduled.system import files, private

__all__ = ["Event", "Journal", "Line", "Position", "ReadBatch"]

_BLOCK = 1 << 16
SNAPSHOT_AFTER = 16 << 20
"""A file that grows beyond a multiple of so many bytes gets another snapshot, so that what it takes
to rebuild or check the state does not grow with the day."""
_BYTES_FOR_ONE = 8
"""Where the state is large, about one byte in so many belongs to these snapshots, and no more."""


class Position(NamedTuple):
    """A place between two events: after `offset` bytes of the file called `name`."""

    name: str
    offset: int


class Line(NamedTuple):
    """A whole line of the journal."""

    event: Event | None
    """None if it cannot be read."""
    end: Position
    flaw: str = ""
    """What was wrong with it, in a sentence."""


class ReadBatch(NamedTuple):
    """Events read in one go, where the next ones will start, and the lines that are damaged."""

    events: tuple[Event, ...]
    end: Position | None
    broken: tuple[str, ...] = ()


class Journal:
    """The journal in `folder`, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day_files = DayFiles(folder)

    def names(self) -> list[str]:
        """Return the file names in the order in which the files were begun. Raises StateError."""
        return self.day_files.names()

    def read(self, start: Position | None) -> ReadBatch:
        """Read every whole line from `start` on, through all later files; None reads all files."""
        events: list[Event] = []
        broken: list[str] = []
        end = start
        for line in self.lines(start):
            if line.event is not None:
                events.append(line.event)
            if line.flaw:
                broken.append(line.flaw)
            end = line.end
        return ReadBatch(tuple(events), end, tuple(broken))

    def lines(self, start: Position | None) -> Iterator[Line]:
        """Yield every whole line from `start` on, one at a time."""
        names = self.names()
        if start is not None and start.name in names:
            names = names[names.index(start.name) :]
        elif start is not None:  # pruned meanwhile
            names = [name for name in names if name > start.name]
        for name in names:
            offset = start.offset if start is not None and name == start.name else 0
            if self._reaches_beyond(name, offset):
                yield from self._lines_of(name, offset)

    def backwards(self, name: str, needle: bytes = b"") -> Iterator[tuple[int, bytes]]:
        """Yield the whole lines of a file, newest first, each with where it begins.

        With a `needle`, only the lines that contain it: looking for it in a block takes a tiny
        part of the time that it takes to divide the block into lines.
        """
        for at, block in self._blocks(name):
            end = len(block) if needle in block else 0
            while end > 0:
                hit = block.rfind(needle, 0, end - 1)
                if hit < 0:
                    break
                start = block.rfind(b"\n", 0, hit) + 1
                end = block.find(b"\n", hit)
                yield at + start, block[start:end]
                end = start

    def lines_at(self, name: str, offsets: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the lines of a file that begin at `offsets`, in that order; empty if none ends."""
        with reading(self.folder / name) as stream:
            for offset in offsets:
                stream.seek(offset)
                text = stream.readline()
                yield offset, text[:-1] if text.endswith(b"\n") else b""

    def whole_lines(self, name: str) -> Iterator[bytes]:
        """Yield the whole lines of a file, each with its end."""
        with reading(self.folder / name) as stream:
            yield from (text for text in stream if text.endswith(b"\n"))

    def _blocks(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield the whole lines of a file, many at a time, newest first, with where they begin."""
        with reading(self.folder / name) as stream:
            start, rest = stream.seek(0, os.SEEK_END), list[bytes]()
            while start > 0:
                end, start = start, max(0, start - _BLOCK)
                stream.seek(start)
                data = stream.read(end - start)
                if not rest:  # what stands after the last newline is no whole line
                    data = data[: data.rfind(b"\n") + 1]
                first = data.find(b"\n") + 1
                if not first:
                    rest += [data] if data else []
                    continue
                whole = data[first:] + b"".join(reversed(rest))
                if whole:
                    yield start + first, whole
                rest = [data[:first]]  # the end of a line that begins further up
            if rest:
                yield 0, b"".join(reversed(rest))

    def newest_snapshot(self) -> Position | None:
        """Return the position of the newest readable snapshot; None if there is none."""
        for name in reversed(self.names()):
            for offset, text in self.backwards(name, b'"event":"snapshot"'):
                event = lines.decode(text)
                if event is not None and event["event"] == "snapshot":
                    return Position(name, offset)
        return None

    def survey(self, end: Position) -> tuple[int, int]:
        """Count the events before `end`, and the lines that cannot be read; nothing is parsed."""
        events = damaged = 0
        for name in self.names():
            at = 0
            with reading(self.folder / name) as stream:
                for text in stream:
                    if name == end.name and at >= end.offset:
                        break
                    at += len(text)
                    is_event = lines.is_sound(text) or lines.decode(text) is not None
                    events += is_event
                    damaged += not is_event and bool(text.strip())
            if name == end.name:
                break
        return events, damaged

    def holds(self, position: Position) -> bool:
        """Return whether the file of `position` exists and has the end of a line there."""
        try:
            with private.opened(self.folder / position.name, "rb") as stream:
                if position.offset == 0:
                    return True
                stream.seek(position.offset - 1)
                return stream.read(1) == b"\n"
        except (OSError, ValueError, OverflowError):
            return False

    def reaches(self, position: Position) -> bool:
        """Return whether the file of `position` exists and is long enough."""
        try:
            return os.stat(f"{self.folder}/{position.name}").st_size >= position.offset
        except OSError:
            return False

    def append(
        self, name: str, events: Sequence[Event], *, after: Position | None = None, sync: bool
    ) -> list[Line]:
        """Append events to the file `name`, all or none, and return their lines.

        None are returned unless they follow `after`; then there is more to read. Raises StateError.
        """
        encoded = [lines.encode(event) for event in events]
        with self._opened(name, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
            start = _write_whole(descriptor, b"".join(encoded), sync=sync)
        if after != Position(name, start):
            return []
        ends = accumulate(map(len, encoded), initial=start)
        next(ends)
        return [
            Line(lines.decode(text), Position(name, end))
            for text, end in zip(encoded, ends, strict=True)
        ]

    def sync(self, name: str) -> None:
        """Sync the file `name` to the disk. Raises StateError."""
        with self._opened(name, os.O_RDONLY) as descriptor:
            os.fdatasync(descriptor)

    @contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        path = self.folder / name
        try:
            descriptor = private.open_file(path, flags)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StateError(_unsaved(path, error)) from error

    def begin_file(self, name: str, snapshot: Event) -> None:
        """Start the file `name` with `snapshot`, complete or not at all. Raises StateError."""
        path = self.folder / name
        try:
            is_new = not self.folder.is_dir()
            private.make_folder(self.folder)
            if is_new:  # after a power cut there is no checkpoint without its journal
                files.sync_folder(self.folder.parent)
            private.replace(path, lines.encode(snapshot))
        except OSError as error:
            raise StateError(_unsaved(path, error)) from error
        self.day_files.forget_order()  # a damaged file of that name may have been replaced

    def prune(self, today: date, keep_days: int) -> list[str]:
        """Delete the `outdated` files and return their names."""
        names = self.day_files.outdated(today, keep_days)
        for name in names:
            private.remove(self.folder / name)
        return names

    def _lines_of(self, name: str, offset: int) -> Iterator[Line]:
        start = offset
        with reading(self.folder / name) as stream:
            stream.seek(offset)
            for number, text in enumerate(stream, start=1):
                if not text.endswith(b"\n"):
                    return  # unfinished: it is being written, or a crash cut it short
                offset += len(text)
                event, flaw = lines.decode(text), ""
                if event is None and text.strip():
                    event = lines.repair(text)
                    done = "ignored" if event is None else "and was corrected"
                    flaw = f"{name}: line {number} after byte {start} is damaged, {done}"
                yield Line(event, Position(name, offset), flaw)

    def _reaches_beyond(self, name: str, offset: int) -> bool:
        """Return whether there is anything to read; `stat` is much cheaper than an empty read."""
        try:
            return os.stat(f"{self.folder}/{name}").st_size > offset
        except OSError:
            return True  # reading it raises the reason


def wants_snapshot(before: Position | None, after: Position | None, state_file: Path) -> bool:
    """Return whether the events between two positions take a file beyond its next mark.

    The state file tells how large a snapshot is.
    """
    if before is None or after is None or before.name != after.name:
        return False
    if before.offset // SNAPSHOT_AFTER == after.offset // SNAPSHOT_AFTER:
        return False
    size = (files.stamp(state_file) or (0,))[0]
    step = SNAPSHOT_AFTER * max(1, _BYTES_FOR_ONE * size // SNAPSHOT_AFTER)
    return before.offset // step != after.offset // step


def _write_whole(descriptor: int, data: bytes, *, sync: bool) -> int:
    """Append to a file and return where that begins. Raises OSError; then the file is as before."""
    size = start = os.fstat(descriptor).st_size
    # A line that a crash cut short has no newline; it must not swallow our first event.
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data, start = b"\n" + data, size + 1
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        if sync:
            os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    return start


def _unsaved(path: Path, error: OSError) -> str:
    return (
        f"{path}: cannot be written: {reason_of(error)}; no job is started until it can be, "
        "and a run that has just ended will count as interrupted"
    )
