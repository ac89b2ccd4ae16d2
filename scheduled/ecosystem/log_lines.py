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
from scheduled.ecosystem.log_counts import Found

_LEVELS = {
    **dict.fromkeys((b"ERROR", b"CRITICAL", b"FATAL"), 0),
    **dict.fromkeys((b"WARNING", b"WARN"), 1),
    **dict.fromkeys((b"TRACE", b"DEBUG", b"INFO", b"NOTICE", b"SUCCESS"), None),
}
"""To the place in Found; None for levels that are not counted."""

# To search for these costs next to nothing, and most lines need no more than that. Each begins with
# plain text, which is found much faster than a choice; after it, one character decides as a rule.
# What does not stand where a field begins, as in "ended in ERROR", is not looked at.
_LEVEL = rb"[\sECFW]\s*(?:E?RROR|C?RITICAL|F?ATAL|W?ARN)"
_SIGNS = {b"-": re.compile(rb" - " + _LEVEL), b"|": re.compile(rb" \| " + _LEVEL)}
"""Each by a character without which there is no need to search."""
_WORDS = (b"ERROR", b"CRITICAL", b"FATAL", b"WARN", b'"error"', b'"critical"', b'"fatal"', b'"warn')
_JSON_SIGNS = tuple(map(re.compile, _WORDS))

_HEAD = re.compile(
    rb"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]? *( - | \| )"
)
_TIME_KEYS = ("ts", "timestamp", "time", "asctime")
_LEVEL_KEYS = ("level", "levelname", "severity")


def count(data: bytes, zone: tzinfo, into: Found) -> None:
    """Add the errors and warnings in these whole lines to `into`."""
    known: dict[bytes, int | None] = {}
    for line in _candidates(data):
        time, level = _fields(line)
        place = _LEVELS.get(level)
        if place is None:
            continue
        if not isinstance(time, bytes):
            second = _second(time, zone)
        elif time in known:
            second = known[time]  # a busy log has many lines of one second
        else:
            second = known[time] = _second(time.decode(), zone)
        if second is not None:
            into.setdefault(second, [0, 0])[place] += 1


def first_time(data: bytes, zone: tzinfo) -> float | None:
    """Return the first time in these lines, in epoch seconds."""
    for line in data.split(b"\n"):
        time, _ = _fields(line)
        time = time.decode() if isinstance(time, bytes) else time
        if time is not None and (moment := timestamps.readable(time, zone)) is not None:
            return moment.timestamp()
    return None


def _candidates(data: bytes) -> Iterator[bytes]:
    """Yield the lines that may report an error or a warning, each once."""
    patterns = [pattern for sign, pattern in _SIGNS.items() if sign in data]
    if b"{" in data and (data.startswith(b"{") or b"\n{" in data):
        patterns += _JSON_SIGNS
    seen: set[int] = set()
    for pattern in patterns:
        for match in pattern.finditer(data):
            at = match.end()
            start = data.rfind(b"\n", 0, at) + 1
            if start not in seen:
                seen.add(start)
                end = data.find(b"\n", at)
                yield data[start : end if end >= 0 else len(data)]


def _second(time: Any, zone: tzinfo) -> int | None:
    moment = timestamps.readable(time, zone)
    return None if moment is None else int(moment.timestamp())


def _fields(line: bytes) -> tuple[Any, bytes]:
    """Return time and level of a line; None and nothing for a line without a time.

    The time is as it stands in the line, or what a JSON object has for it.
    """
    if line.startswith(b"{"):
        return _json_fields(line)
    head = _HEAD.match(line)
    if head is None:
        return None, b""
    time, separator = head.groups()
    first, _, rest = line[head.end() :].partition(separator)
    level = first.strip()
    if level not in _LEVELS:
        level = rest.partition(separator)[0].strip()
    return time, level


def _json_fields(line: bytes) -> tuple[Any, bytes]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None, b""
    time = next((document[key] for key in _TIME_KEYS if key in document), None)
    level = next((document[key] for key in _LEVEL_KEYS if key in document), None)
    return time, level.upper().encode("utf-8", "replace") if isinstance(level, str) else b""
