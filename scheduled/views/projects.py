"""The projects of a registry with what was found in them, those with problems first."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.ecosystem.project import ABSENT
from scheduled.ecosystem.workspace import Workspace, Workspaces
from scheduled.system.text import one_line
from scheduled.views import noted_rows
from scheduled.views.format import counted, relative
from scheduled.views.noted_rows import Columns, NotedRows

UNSEEN = "not looked into yet; type: scheduled trigger project_health"
Entries = dict[str, dict[str, Any]]


def document(
    spaces: Workspaces | None, published: Mapping[str, Any], problem: str
) -> dict[str, Any]:
    """Return `projects --json`: what the registry has now, with what was found last.

    Without a registry there are no projects, and `problem` says why.
    """
    found = _mapping(published.get("projects"))
    entries: Entries = {}
    for space in spaces.all if spaces else ():
        unseen = {**ABSENT, "exists": None, "path": space.stated, "findings": [UNSEEN]}
        entry = found.get(space.name)
        is_known = isinstance(entry, dict) and _is_about(entry, space)
        entries[space.name] = entry if entry and is_known else unseen
    return {
        "version": 1,
        "registry": str(spaces.path) if spaces else None,
        "last_updated": published.get("last_updated") if spaces else None,
        "problems": [problem] if problem else [*(spaces.problems if spaces else ())],
        "projects": dict(sorted(entries.items(), key=lambda item: _urgency(item[1]))),
    }


def table(rows: Mapping[str, Mapping[str, Any]]) -> NotedRows:
    """Return a row for each project, with what was found in it as a note."""
    shown = ("PROJECT", "STATE", "BRANCH", "CHANGES")
    columns = Columns(shown, ("FINDINGS",), name="PROJECT", shed=("CHANGES", "BRANCH"))
    texts = (
        (
            one_line(row["project"], 100),
            row["state"],
            one_line(row["branch"], 60),
            row["changes"],
            "; ".join(row["findings"]),
        )
        for row in cells(rows)
    )
    return noted_rows.table(columns, texts)


def cells(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what the table says about each project."""
    for name, entry in rows.items():
        yield {
            "project": name,
            "state": _state(entry),
            "branch": entry.get("branch") or str(entry.get("commit") or "")[:10],
            "changes": _changes(entry),
            "findings": [*map(str, entry.get("findings", ()))],
        }


def summary(found: Mapping[str, Any], now: datetime, zone: Any) -> str:
    """Return how many projects there are, and when they were looked into."""
    rows = found["projects"].values()
    parts = [counted(len(rows), "project")]
    for word, count in (
        ("with findings", sum(bool(row.get("findings")) for row in rows)),
        ("dirty", sum(bool(row.get("dirty")) for row in rows)),
    ):
        if count:
            parts.append(f"{count} {word}")
    updated = timestamps.readable(found["last_updated"], zone)
    when = f"; looked into {relative(updated, now)}" if updated else ""
    return f"{', '.join(parts)}{when}."


def _urgency(entry: Mapping[str, Any]) -> int:
    if entry.get("corrupt"):
        return 0
    if entry.get("findings"):
        return 1
    is_behind = entry.get("ahead") or entry.get("behind")
    return 2 if entry.get("dirty") or is_behind else 3


def _state(entry: Mapping[str, Any]) -> str:
    states = (
        ("unknown", entry.get("exists") is None),
        ("absent", not entry.get("exists")),
        ("corrupt", entry.get("corrupt")),
        ("no repository", "branch" not in entry),
        (f"of {entry.get('owned_by')}", entry.get("owned_by")),
        ("bare", entry.get("bare")),
        ("empty", entry.get("empty")),
        ("dirty", entry.get("dirty")),
        ("not compared", entry.get("dirty") is None),
    )
    word = next((word for word, applies in states if applies), "clean")
    more = (
        ("detached", entry.get("detached")),
        ("worktree", entry.get("worktree")),
        ("submodule", entry.get("submodule")),
        (f"in a {entry.get('operation')}", entry.get("operation")),
    )
    return one_line(", ".join([word, *(each for each, applies in more if applies)]), 60)


def _changes(entry: Mapping[str, Any]) -> str:
    counts = (
        ("{} changed", entry.get("changed")),
        ("{} new", entry.get("untracked")),
        ("{} ahead", entry.get("ahead")),
        ("{} behind", entry.get("behind")),
    )
    return ", ".join(
        form.format(count) for form, count in counts if isinstance(count, int) and count
    )


def _is_about(entry: Mapping[str, Any], space: Workspace) -> bool:
    """Return whether an entry of the central file is about a project as it is registered now."""
    return entry.get("path") == space.stated and isinstance(entry.get("findings"), list)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
