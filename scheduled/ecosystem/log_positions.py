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
import sys
from datetime import datetime, tzinfo
from pathlib import Path

from scheduled.ecosystem import log_lines
from scheduled.ecosystem.log_counts import Found, LogCounts
from scheduled.quick_classes import NamedTuple
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

_CHUNK = 1 << 17
"""Bytes: so few stay in the processor's cache while they are searched several times."""
_STRIDE = 1 << 20
_GLANCE = 1 << 16
_HEAD = 256
_VERSION = 3
# Of a few logs some grow between two scans. To write the positions of all anew, with a sync, takes
# longer than to read some that are outdated.
_OUTDATED = 0.5
_SAVED_AT = ""
"""In the place of a path: when the positions were saved, epoch seconds."""


class ReadPosition(NamedTuple):
    """How far a log was read, and the counts of its last hour."""

    inode: int
    offset: int
    """Behind the last whole line."""
    head: str
    """A digest of its first bytes, at most 256 and not beyond `offset`."""
    counts: LogCounts
    tail: LogCounts
    """Of the last line, as long as it has no end; read again with the next scan."""


class ReadPositions:
    """How far each log was read by the last scan, and by this one."""

    def __init__(self, path: Path, now: datetime, zone: tzinfo) -> None:
        self._now = now.timestamp()
        self._zone = zone
        key = [_VERSION, str(zone), sys.byteorder]
        self._cache = StampCache(path, key, outdated=_OUTDATED)
        self._changed = False
        self._before = self._load()
        self._by_inode = {position.inode: position for position in self._before.values()}

    def follow(self, path: str, status: os.stat_result) -> tuple[int, int]:
        """Return errors and warnings of a log in the last hour, reading from the last position on.

        `status` is its current `stat` result. Raises OSError, also for what is not a file.
        """
        position = self._before.get(path)
        if position is None or self._cache.recall(path, stamp_of(status)) is None:
            seen, position = self._read_on(path)
            self._changed = True
            _, offset, head, counts, tail = position
            self._cache.keep(path, seen, [offset, head, counts.text(), tail.text()])
        hour = (self._now - RECENT, self._now)
        errors, warnings = position.counts.between(*hour)
        errors_at_end, warnings_at_end = position.tail.between(*hour)
        return errors + errors_at_end, warnings + warnings_at_end

    def save(self) -> None:
        """Save this scan's positions for the next one, if any has changed."""
        if self._changed:
            self._cache.keep(_SAVED_AT, (0, 0, 0), [self._now])
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

    def _read_on(self, path: str) -> tuple[Stamp, ReadPosition]:
        with Folder.file(path) as (folder, name), folder.opened(name) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "Not a regular file")
            before = self._left_off(path, descriptor, status)
            start, counts = (before.offset, before.counts) if before else (0, LogCounts())
            offset, found, tail = self._count(descriptor, start, status.st_size)
            counts = counts.plus(found).since(self._now - RECENT)
            head = _head(descriptor, offset)
            return stamp_of(status), ReadPosition(status.st_ino, offset, head, counts, tail)

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

    def _count(self, descriptor: int, start: int, end: int) -> tuple[int, Found, LogCounts]:
        """Return how far whole lines go, what they report, and what is in one without an end."""
        at = offset = self._recent_from(descriptor, start, end)
        found: Found = {}
        rest = b""
        while data := os.pread(descriptor, min(_CHUNK, end - at), at):
            at += len(data)
            lines, newline, tail = data.rpartition(b"\n")
            if not newline:
                rest = (rest + tail)[:_GLANCE]  # time and level stand at the start of a line
                continue
            log_lines.count(rest + lines, self._zone, found)
            rest = tail
            offset = at - len(tail)
        at_end: Found = {}
        log_lines.count(rest, self._zone, at_end)
        return offset, found, LogCounts().plus(at_end)

    def _recent_from(self, descriptor: int, start: int, end: int) -> int:
        """Return where to begin: at a line late in the log that is certainly old enough."""
        old = self._now - _OLD_FOR_SURE
        position = end
        while position > start:
            position = max(start, position - _STRIDE)
            data = os.pread(descriptor, min(_GLANCE, end - position), position)
            _, newline, lines = data.partition(b"\n")
            first = log_lines.first_time(lines, self._zone) if newline else None
            if first is not None and first < old:
                return position + len(data) - len(lines)
        return start


def _head(descriptor: int, offset: int) -> str:
    return hashlib.sha256(os.pread(descriptor, min(_HEAD, offset), 0)).hexdigest()[:16]


def _position(stamp: Stamp, facts: Facts) -> ReadPosition:
    """Return a saved position. Raises ValueError, TypeError or AttributeError if damaged."""
    offset, head, counts, tail = facts
    load = LogCounts.load
    return ReadPosition(int(stamp[2]), int(offset), str(head), load(counts), load(tail))
