"""The content of one memory file: how much it holds, and how many lines it may have.

Four generations of the format state the limit in four ways:

1. `document_metadata.limits.max_lines`
2. `limits.max_lines`
3. `config.max_lines` (Trinity)
4. `schema_version` 3 and later: no limit of lines, whatever else is stated; its lists have limits

Lines are counted at the speed of the disk; parsing JSON costs twenty times that. The limit
stands near the start, in an object without objects before it, where a pattern finds it
reliably; in any other case, and to count the entries of lists, the document is parsed as a whole.
"""

import re
from typing import Any

from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import NOWHERE, parse_json

UNLIMITED = -1
UNSTATED = 0
AUTO_COMPACT = "auto-compact"
"""The status of sessions that have a limit of their own."""

_META = "_meta"
_KEEP = re.compile(r"\bkeep (\d{1,6})\b")

# No brace between an object's opening one and a key: the key is that object's own. A quote
# inside a string is escaped, so no text can look like a key.
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*[\"}]")
_OBJECT = rb"(?:\xef\xbb\xbf)?\s*\{[^{}]*"
_METADATA = _OBJECT + rb'"document_metadata"\s*:\s*\{[^{}]*"schema_version"\s*:\s*"(\d+)\.'
_MAX_LINES = rb'\s*:\s*\{[^{}]*"max_lines"\s*:\s*([1-9]\d{0,8})\s*[,}]'
_FIRST = re.compile(_METADATA + rb'(?:[^{}]*"limits"' + _MAX_LINES + rb")?")
_SECOND_OR_THIRD = re.compile(_OBJECT + rb'"(?:limits|config)"' + _MAX_LINES)


class MemoryDocument(NamedTuple):
    """The facts about a memory file's content."""

    size: int
    """Bytes."""
    lines: int
    """As an editor counts them: a last line without a newline counts, an empty file has none."""
    limit: int
    """As the file states it; UNSTATED or UNLIMITED."""
    problem: str
    """Why it cannot be used as a memory file; empty if it can, as far as was looked."""
    whole: bool
    """Whether all of it was parsed, or only what the limit and the two ends ask for."""
    entries: dict[str, int]
    """How many entries each list has, by its name; empty if the document has a limit of lines."""
    kept: dict[str, int | None]
    """How many entries a list keeps, where the document says so; None: as many as there are."""


def examine(data: bytes, *, whole: bool) -> MemoryDocument:
    """Return the facts about a memory file; it is parsed as a whole if requested or necessary."""
    limit = None if whole else _limit_at_sight(data)
    if limit is not None:
        return MemoryDocument(len(data), count_lines(data), limit, "", False, {}, {})
    problem, document = "", None
    try:
        document = parse_json(data, NOWHERE)
    except UnreadableFileError as error:
        problem = error.reason
    else:
        if not isinstance(document, dict):
            problem = "not a memory document: expected an object"
    limit = stated_limit(document)
    lists = document if limit == UNLIMITED and isinstance(document, dict) else {}
    entries, kept = count_entries(lists), stated_entries(lists)
    return MemoryDocument(len(data), count_lines(data), limit, problem, True, entries, kept)


def count_lines(data: bytes) -> int:
    """Return the number of lines in `data`, as an editor counts them."""
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def count_entries(document: dict[str, Any]) -> dict[str, int]:
    """Return how many entries each list in a document has; a list may be a mapping, too.

    What AIPass adds when it compacts a session does not count.
    """
    return {
        name: sum(_member(entry, "status") != AUTO_COMPACT for entry in value)
        for name, value in document.items()
        if isinstance(value, list | dict) and name != "document_metadata"
    }


def stated_entries(document: dict[str, Any]) -> dict[str, int | None]:
    """Return how many entries each list keeps that has a line about it, such as `sessions_meta`.

    AIPass writes its limit there: `rollover ON ... keep 15 ...`. None if no limit is stated.
    """
    stated: dict[str, int | None] = {}
    for name, line in document.items():
        if name.endswith(_META) and isinstance(line, str):
            keep = _KEEP.search(line)
            stated[name.removesuffix(_META)] = int(keep[1]) if keep else None
    return stated


def stated_limit(document: Any) -> int:
    """Return the limit that a parsed memory file states: lines, UNSTATED, or UNLIMITED.

    A limit that is not a positive integer counts as none: text, 0, -5, true.
    """
    metadata = _member(document, "document_metadata")
    version = _member(metadata, "schema_version") or _member(document, "schema_version")
    if isinstance(version, str) and re.match(r"([3-9]|\d\d+)\.", version):
        return UNLIMITED
    for holder in (_member(metadata, "limits"), _member(document, "limits")):
        if limit := _positive(_member(holder, "max_lines")):
            return limit
    return _positive(_member(_member(document, "config"), "max_lines"))


def _limit_at_sight(data: bytes) -> int | None:
    """Return the limit if a pattern finds it; None if the whole document is needed.

    Only if both ends are those of a JSON object: no torn, no empty, no zero-filled file.
    """
    if data[-64:].rstrip()[-1:] != b"}":
        return None
    if match := _FIRST.match(data):
        if int(match[1]) >= 3:
            return None
        if match[2]:
            return int(match[2])
    if not _BEGINNING.match(data) or b'"schema_version"' in data or b'"document_metadata"' in data:
        return None
    if data.count(b'"max_lines"') == 1 and (match := _SECOND_OR_THIRD.match(data)):
        return int(match[1])
    return None if b'"max_lines"' in data else UNSTATED


def _member(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else None


def _positive(value: Any) -> int:
    return value if type(value) is int and value > 0 else UNSTATED
