"""The entries of a JSON text, however it lists them, each with its line (pure)."""

import json
import re
from bisect import bisect
from collections.abc import Collection, Iterator
from typing import Any

from scheduled.config.yaml_document import MAX_BYTES
from scheduled.errors import UsageError
from scheduled.quick_classes import dataclass

_SPACE = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,:]*")
_PAIR = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""Two escapes that are one character, not preceded by an odd number of backslashes."""
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class JsonEntry:
    """An entry."""

    line: int
    """The line of its first character, counted from 1."""
    value: Any


def without_surrogates(data: bytes) -> bytes:
    """Return JSON with each character that it writes as two escapes written as itself.

    YAML does not know such pairs. What is not JSON is returned unchanged; lines stay the same.
    """
    if _PAIR.search(data) is None:
        return data
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data
    return _PAIR.sub(lambda match: match[1] + json.loads(b'"%b"' % match[2]).encode(), data)


def read(data: bytes, label: str, names: Collection[str]) -> list[JsonEntry]:
    """Return the entries in `data`, which messages call `label`, in order.

    Entries are the items of a list, the objects in an object of objects, the content of one of
    `names`, and values one after the other, as in JSON lines. Any other value is itself an entry.
    Raise UsageError for what is not JSON, and beyond the size limit of a configuration.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"{label}: more than {MAX_BYTES // 1024**2} MB")
    try:
        text = _Text(data.decode("utf-8-sig"))
        tops = list(text.values(0, _SPACE))
    except json.JSONDecodeError as error:
        raise UsageError(f"{label}:{error.lineno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8; a number with thousands of digits
        raise UsageError(f"{label}: not JSON: {error}") from error
    return [entry for start, value in tops for entry in text.entries(start, value, names)]


class _Text:
    """A JSON text that knows the positions of its values."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def values(self, start: int, between: re.Pattern[str]) -> Iterator[tuple[int, Any]]:
        """Yield each value from `start` to the end of the text, or of the enclosing list or object.

        In an object, names and values alternate. Raise JSONDecodeError.
        """
        start = self._after(start, between)
        while start < len(self._text) and (between is _SPACE or self._text[start] not in "]}"):
            value, end = _DECODER.raw_decode(self._text, start)
            yield start, value
            start = self._after(end, between)

    def entries(self, start: int, value: Any, names: Collection[str]) -> Iterator[JsonEntry]:
        """Yield the entries of `value`, which begins at `start`, or of one of `names` in it."""
        members = self._members(start) if isinstance(value, dict) else {}
        start, value = next((members[name] for name in names if name in members), (start, value))
        for position, item in self._items(start, value):
            yield JsonEntry(bisect(self._breaks, position) + 1, item)

    def _items(self, start: int, value: Any) -> list[tuple[int, Any]]:
        if isinstance(value, list):
            return list(self.values(start + 1, _BETWEEN))
        if isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()):
            return list(self._members(start).values())
        return [(start, value)]

    def _members(self, start: int) -> dict[str, tuple[int, Any]]:
        inside = list(self.values(start + 1, _BETWEEN))
        return dict(zip((name for _, name in inside[::2]), inside[1::2], strict=True))

    def _after(self, start: int, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, start)
        assert match is not None
        return match.end()
