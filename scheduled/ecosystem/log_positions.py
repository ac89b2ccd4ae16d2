"""How far each log was read, so that the next scan reads only what was added.

Logs grow at their end, in the order of time: of the new part, only the recent end is read. A log
is recognised by its inode and its first bytes. If it was renamed by a rotation, or copied before
it was emptied, reading continues where it stopped; emptied or replaced, it is read anew.
"""

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from scheduled.ecosystem import log_lines
from scheduled.ecosystem.log_lines import Counts
from scheduled.system.files import Stamp, stamp_of
from scheduled.system.folder import Folder
from scheduled.system.stamp_cache import Facts, StampCache

RECENT = 3600
"""Seconds: what is older is forgotten."""

ROTATED = re.compile(r"(.+\.log)\.\d+")
"""The name of a rotated log, with that of the live one in it."""

# Clocks are set back by an hour once a year, and some programs write UTC among others' local
# time: a line as old as this makes sure that all above it are older than an hour.
_OLD_FOR_SURE = RECENT + 24 * 3600

_CHUNK = 1 << 20
_GLANCE = 1 << 16
_HEAD = 256
_VERSION = 2
_SAVED_AT = ""
"""In the place of a path: when the positions were saved, epoch seconds."""


@dataclass
class ReadPosition:
    """How far a log was read, and the counts of its last hour."""

    stamp: list[int]
    """Size, mtime in ns, inode."""
    offset: int = 0
    """Behind the last whole line."""
    head: str = ""
    """A digest of its first bytes, at most 256 and not beyond `offset`."""
    counts: Counts = field(default_factory=dict)
    tail: Counts = field(default_factory=dict)
    """Of the last line, as long as it has no end; read again with the next scan."""


class ReadPositions:
    """How far each log was read by the last scan, and by this one."""

    def __init__(self, path: Path, now: datetime, zone: tzinfo) -> None:
        self._now = now.timestamp()
        self._zone = zone
        self._cache = StampCache(path, [_VERSION, str(zone)])
        self._before = self._load()
        self._by_inode = {position.stamp[2]: position for position in self._before.values()}
        self._after: dict[str, ReadPosition] = {}

    def follow(self, path: str, status: os.stat_result) -> tuple[int, int]:
        """Return errors and warnings of a log in the last hour, reading from the last position on.

        `status` is its current `stat` result. Raises OSError, also for what is not a file.
        """
        position = self._before.get(path)
        if position is None or position.stamp != list(stamp_of(status)):
            position = self._read_on(path)
        position.counts = self._last_hour(position.counts)
        self._after[path] = position
        recent = [
            pair
            for counts in (position.counts, position.tail)
            for second, pair in counts.items()
            if self._now - RECENT < second <= self._now
        ]
        return sum(errors for errors, _ in recent), sum(warnings for _, warnings in recent)

    def save(self) -> None:
        """Save this scan's positions for the next one."""
        self._cache.keep(_SAVED_AT, (0, 0, 0), [self._now])
        for path, position in self._after.items():
            stamp, *facts = vars(position).values()
            self._cache.keep(path, stamp, facts)
        self._cache.save()

    def _load(self) -> dict[str, ReadPosition]:
        """Return the positions of the last scan; none if they are damaged or lie in the future."""
        rows = self._cache.rows()
        _, saved_at = rows.pop(_SAVED_AT, ((0, 0, 0), []))
        try:
            if saved_at and float(saved_at[0]) <= self._now:
                return {path: _position(stamp, facts) for path, (stamp, facts) in rows.items()}
        except (ValueError, TypeError, AttributeError):
            pass
        return {}

    def _read_on(self, path: str) -> ReadPosition:
        with Folder.file(path) as (folder, name), folder.opened(name) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "Not a regular file")
            position = self._left_off(path, descriptor, status) or ReadPosition([])
            counts = {second: list(pair) for second, pair in position.counts.items()}
            position = ReadPosition(list(stamp_of(status)), position.offset, counts=counts)
            self._count(descriptor, status.st_size, position)
            position.head = _head(descriptor, position.offset)
            return position

    def _left_off(self, path: str, descriptor: int, status: os.stat_result) -> ReadPosition | None:
        """Return where reading this log stopped, also under its earlier name or as a copy."""
        live = ROTATED.fullmatch(path)
        candidates = [
            self._by_inode.get(status.st_ino),
            self._before.get(live[1]) if live else None,
        ]
        for position in filter(None, candidates):
            long_enough = position.offset <= status.st_size
            if long_enough and position.head == _head(descriptor, position.offset):
                return position
        return None

    def _count(self, descriptor: int, end: int, position: ReadPosition) -> None:
        at = self._recent_from(descriptor, position.offset, end)
        position.offset = at
        rest = b""
        while data := os.pread(descriptor, min(_CHUNK, end - at), at):
            at += len(data)
            lines, newline, tail = data.rpartition(b"\n")
            if not newline:
                rest = (rest + tail)[:_GLANCE]  # time and level stand at the start of a line
                continue
            log_lines.count(rest + lines, self._zone, position.counts)
            rest = tail
            position.offset = at - len(tail)
        log_lines.count(rest, self._zone, position.tail)

    def _recent_from(self, descriptor: int, start: int, end: int) -> int:
        """Return where to begin: at a line late in the log that is certainly old enough."""
        old = self._now - _OLD_FOR_SURE
        position = end
        while position > start:
            position = max(start, position - _CHUNK)
            data = os.pread(descriptor, min(_GLANCE, end - position), position)
            _, newline, lines = data.partition(b"\n")
            first = log_lines.first_time(lines, self._zone) if newline else None
            if first is not None and first < old:
                return position + len(data) - len(lines)
        return start

    def _last_hour(self, counts: Counts) -> Counts:
        return {second: pair for second, pair in counts.items() if second > self._now - RECENT}


def _head(descriptor: int, offset: int) -> str:
    return hashlib.sha256(os.pread(descriptor, min(_HEAD, offset), 0)).hexdigest()[:16]


def _position(stamp: Stamp, facts: Facts) -> ReadPosition:
    """Return a saved position. Raises ValueError, TypeError or AttributeError if damaged."""
    size, mtime, inode = map(int, stamp)
    offset, head, counts, tail = facts
    return ReadPosition(
        [size, mtime, inode], int(offset), str(head), _counts(counts), _counts(tail)
    )


def _counts(saved: dict[str, list[int]]) -> Counts:
    return {
        int(second): [int(errors), int(warnings)] for second, (errors, warnings) in saved.items()
    }
