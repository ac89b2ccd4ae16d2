"""`AI_MAIL.central.json`: how much mail each branch has, for other programs.

It has two writers, ai_mail and this program. Both call a branch by the name of its folder in upper
case, whatever the registry calls it: under any other name a count is not found by those who read
the file, and does not replace the other writer's.

`last_updated` is a date only, on purpose: the file does not change while the counts do not.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from scheduled.ecosystem import central
from scheduled.ecosystem.registry import Branch
from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple

NAME = "AI_MAIL"


class Count(NamedTuple):
    """The mail of one branch, or of all."""

    unread: int
    total: int


def totals(document: Any) -> Count:
    """Return the counts of the whole ecosystem in the central file; zeros if it has none."""
    given = document.get("system_totals") if isinstance(document, dict) else None
    if not isinstance(given, dict):
        return Count(0, 0)
    values = given.get("total_unread"), given.get("total_messages")
    return Count(*(value if isinstance(value, int) else 0 for value in values))


def update(
    folder: Path, counts: Mapping[Branch, Count], registered: Iterable[Branch], today: date
) -> None:
    """Update the central file; it is not written if nothing in it would change.

    A registered branch without a count (its inbox could not be read) keeps its old one; branches
    that are no longer registered are removed. Unknown keys stay. Raises CentralFileError;
    UnreadableFileError if the file exists but cannot be understood: it is left as it is.
    """
    before = _document(central.path_of(folder, NAME))
    stats = before.get("branch_stats")
    old = stats if isinstance(stats, dict) else {}
    namesakes = _by_central_name(registered)
    remaining = {name: entry for name, entry in old.items() if name in namesakes}
    new = {
        name: _entry(remaining.get(name), _total(counts[branch] for branch in branches))
        for name, branches in namesakes.items()
        if all(branch in counts for branch in branches)
    }
    stats = {**remaining, **new}
    after = {
        "service": "ai_mail",
        **before,
        "last_updated": today.isoformat(),
        "branch_stats": stats,
        "system_totals": {
            **_mapping(before.get("system_totals")),
            "total_unread": sum(_number(entry, "unread") for entry in stats.values()),
            "total_messages": sum(_number(entry, "total") for entry in stats.values()),
        },
    }
    if after != before:
        central.write(folder, NAME, after)


def _by_central_name(branches: Iterable[Branch]) -> dict[str, list[Branch]]:
    """Return the branches of each name; several whose folders have one name share an entry."""
    names: dict[str, list[Branch]] = {}
    for branch in branches:
        names.setdefault(branch.central_name, []).append(branch)
    return names


def _total(counts: Iterable[Count]) -> Count:
    unread, total = map(sum, zip(*counts, strict=True))
    return Count(unread, total)


def _document(path: Path) -> dict[str, Any]:
    document = central.read_strictly(path.parent, NAME)
    if document is None:
        return {}
    if isinstance(document, dict):
        return document
    raise UnreadableFileError(path, "not a JSON object; fix it. Nothing was changed")


def _entry(before: Any, count: Count) -> dict[str, Any]:
    return {**_mapping(before), "unread": count.unread, "total": count.total}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(entry: Any, key: str) -> int:
    value = _mapping(entry).get(key)
    return value if isinstance(value, int) else 0
