"""The page of `branches`, made from its JSON document."""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from scheduled.ecosystem.activity import Status
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import branches, tables
from scheduled.views.columns import Cell, Grid
from scheduled.views.format import clock, clock_and_distance, counted

NAME_SHOWN = 30
"""Cells of a terminal; the columns have to fit beside it."""
OLD = 2 * 3600
"""Seconds after which a check is older than it should be."""
CHECK_NOW = "`scheduled trigger health` checks them now"

STATUS_STYLES = {"error": "red", "warning": "yellow", "healthy": "green"}
ACTIVITY_STYLES = {Status.RED_FLAG: "red", Status.ERROR: "red", Status.NO_ACTIVITY: "dim"}
FLAW_STYLES = {"missing": "red", "unreadable": "red", branches.UNKNOWN: "dim", branches.NONE: "dim"}

_CHANGES = (
    ("over", "over"),
    ("errors", "with errors"),
    ("warnings", "with warnings"),
    ("red_flags", "red flags"),
)


def page(
    document: Mapping[str, Any], now: datetime, zone: tzinfo, *, width: int, in_full: bool
) -> list[RenderableType]:
    """Return the page for a terminal so wide, part by part.

    `in_full` adds the issues of each branch as sentences.
    """
    rows = document["branches"]
    parts: list[RenderableType] = [*map(tables.cell, sentences(document, now, zone))]
    if rows:
        grid = _grid(rows)
        parts += ["", grid if grid.fits(width) else _narrow_grid(rows)]
    if not in_full and any(row["issues"] or row["reason"] for row in rows):
        parts += ["", Text("`scheduled branches NAME` says what is wrong with a branch", "dim")]
    for row in rows if in_full else ():
        details = [*_details(row)]
        if details:
            parts += [Text(f"\n{_name(row)}", "bold"), *map(tables.indented, details)]
    return parts


def sentences(document: Mapping[str, Any], now: datetime, zone: tzinfo) -> Iterator[str]:
    """Yield what is to be said above the grid: how many there are, when they were checked."""
    yield _summary(document)
    yield _checked(document, now, zone)
    if document["checked_at"]:
        yield _since(document["since"], now, zone)
    for shared in document["ecosystem"]:
        yield from (f"{shared['what']}: {issue}" for issue in shared["issues"])


def _summary(document: Mapping[str, Any]) -> str:
    found = document["counts"]
    total = sum(count for status, count in found.items() if status != "red_flags")
    named = {
        "healthy": "healthy",
        "warning": "with warnings",
        "error": "with errors",
        "inactive": "inactive",
        "not checked": "not checked",
    }
    parts = [f"{found[status]} {words}" for status, words in named.items() if found[status]]
    if found["red_flags"]:
        parts.append(counted(found["red_flags"], "red flag"))
    noun = "branch" if total == 1 else "branches"
    return f"{total} {noun}: {', '.join(parts)}" if parts else f"{total} {noun}"


def _checked(document: Mapping[str, Any], now: datetime, zone: tzinfo) -> str:
    checked_at = parse_utc(document["checked_at"])
    if checked_at is None:
        return f"not checked yet: {CHECK_NOW}"
    is_old = abs((now - checked_at).total_seconds()) > OLD
    hint = f"; {CHECK_NOW}" if is_old else ""
    return f"checked {clock_and_distance(checked_at, now, zone)}{hint}"


def _since(since: Mapping[str, Any] | None, now: datetime, zone: tzinfo) -> str:
    if since is None:
        return "since yesterday: unknown, as no check of about a day before can be read"
    parts = [
        text
        for key, words in _CHANGES
        if key in since and (text := _change(since[key]["added"], since[key]["removed"], words))
    ]
    then = parse_utc(since["checked_at"])
    compared = f" (compared with {clock(then, now, zone)})" if then else ""
    return f"since yesterday: {'; '.join(parts) or 'no change'}{compared}"


def _change(added: list[str], removed: list[str], words: str) -> str:
    """`+3 over, -1`; empty if nothing has changed."""
    if added and removed:
        return f"+{len(added)} {words}, -{len(removed)}"
    if added or removed:
        return f"+{len(added)} {words}" if added else f"-{len(removed)} {words}"
    return ""


def _grid(rows: list[dict[str, Any]]) -> Grid:
    grid = Grid("BRANCH", "STATUS", *(part.upper() for part in branches.PARTS), "ACTIVITY")
    for row in rows:
        grid.add_row(
            _name(row),
            _styled(row["status"], STATUS_STYLES),
            *(_flaw(row[part.value]) for part in branches.PARTS),
            _styled(row["activity"] or branches.NONE, ACTIVITY_STYLES),
        )
    return grid


def _narrow_grid(rows: list[dict[str, Any]]) -> Grid:
    """Return the grid with no more than what is worth a word, for a narrow terminal."""
    grid = Grid("BRANCH", "STATUS", "WHAT")
    for row in rows:
        words = [
            f"{part.value} {row[part.value]}"
            for part in branches.PARTS
            if row[part.value] not in (branches.FINE, branches.UNKNOWN, branches.NONE)
        ]
        is_told = row["activity"] and not (words and row["activity"] == Status.OK)
        activity = [row["activity"]] if is_told else []
        status = _styled(row["status"], STATUS_STYLES)
        grid.add_row(_name(row), status, ", ".join(words + activity))
    return grid


def _name(row: Mapping[str, Any]) -> str:
    name = one_line(row["branch"], NAME_SHOWN)
    if not name.isascii():  # a character may take two cells
        wide = Text(name)
        wide.truncate(NAME_SHOWN, overflow="ellipsis")
        name = wide.plain
    return name


def _flaw(word: str) -> Cell:
    return word if word == branches.FINE else Text(word, FLAW_STYLES.get(word, "yellow"))


def _styled(word: str, styles: Mapping[Any, str]) -> Cell:
    return Text(word, styles[word]) if word in styles else word


def _details(row: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"- {issue}" for issue in row["issues"])
    if row["reason"]:
        yield f"- {row['activity']}: {row['reason']}"
