"""Lines of logs: which of them report an error or a warning, and when.

Three formats occur: `time - name - LEVEL - text`, `time | name | LEVEL | text` (the level may
come before the name), and JSON objects. The level is read from its field: an INFO line that
mentions ERROR does not count. A line that does not start with a time belongs to the one above.
"""

import json
import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from scheduled.ecosystem import timestamps

Counts = dict[int, list[int]]
"""Errors and warnings by the second they were reported in, since the epoch."""

_LEVELS = {
    **dict.fromkeys((b"ERROR", b"CRITICAL", b"FATAL"), 0),
    **dict.fromkeys((b"WARNING", b"WARN"), 1),
    **dict.fromkeys((b"TRACE", b"DEBUG", b"INFO", b"NOTICE", b"SUCCESS"), None),
}
"""To the place in Counts; None for levels that are not counted."""

# To look for these strings costs next to nothing, and most lines need no more than that.
_SIGNS = (b"ERROR", b"CRITICAL", b"FATAL", b"WARN")
_JSON_SIGNS = (b'"error"', b'"critical"', b'"fatal"', b'"warn')

_HEAD = re.compile(
    rb"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]? *( - | \| )"
)
_TIME_KEYS = ("ts", "timestamp", "time", "asctime")
_LEVEL_KEYS = ("level", "levelname", "severity")


def count(data: bytes, zone: tzinfo, into: Counts) -> None:
    """Add the errors and warnings in these whole lines to `into`."""
    for line in _candidates(data):
        time, level = _fields(line)
        place = _LEVELS.get(level)
        moment = timestamps.readable(time, zone) if place is not None else None
        if place is not None and moment is not None:
            into.setdefault(int(moment.timestamp()), [0, 0])[place] += 1


def first_time(data: bytes, zone: tzinfo) -> float | None:
    """Return the first time in these lines, in epoch seconds."""
    for line in data.split(b"\n"):
        time, _ = _fields(line)
        if time is not None and (moment := timestamps.readable(time, zone)) is not None:
            return moment.timestamp()
    return None


def _candidates(data: bytes) -> Iterator[bytes]:
    """Yield the lines that contain one of the signs, each once."""
    seen: set[int] = set()
    has_json = data.startswith(b"{") or b"\n{" in data
    for sign in _SIGNS + _JSON_SIGNS if has_json else _SIGNS:
        at = data.find(sign)
        while at >= 0:
            start = data.rfind(b"\n", 0, at) + 1
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            if start not in seen:
                seen.add(start)
                yield data[start:end]
            at = data.find(sign, end)


def _fields(line: bytes) -> tuple[Any, bytes]:
    """Return time and level of a line; None and nothing for a line without a time."""
    if line.startswith(b"{"):
        return _json_fields(line)
    head = _HEAD.match(line)
    if head is None:
        return None, b""
    fields = [field.strip() for field in line[head.end() :].split(head[2], 2)[:2]]
    level = next((field for field in fields if field in _LEVELS), b"")
    return head[1].decode(), level


def _json_fields(line: bytes) -> tuple[Any, bytes]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None, b""
    time = next((document[key] for key in _TIME_KEYS if key in document), None)
    level = next((document[key] for key in _LEVEL_KEYS if key in document), None)
    return time, level.upper().encode("utf-8", "replace") if isinstance(level, str) else b""
