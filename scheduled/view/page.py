"""`status` as a person wants to read it: what is wrong first, then what was, then what comes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from scheduled.state import moment
from scheduled.view import tables
from scheduled.view.picture import Picture
from scheduled.view.times import absolute, both, relative, span

COLORS = {"healthy": "green", "degraded": "yellow", "critical": "red"}
NAMED = 5
"""How many names a line lists before it says how many more there are."""


def of_status(shown: Mapping[str, Any], picture: Picture) -> list[RenderableType]:
    """The page made from `status --json`, part by part."""
    parts: list[RenderableType] = [_headline(shown)]
    parts += [tables.cell(f"  - {reason}") for reason in shown["reasons"]]
    parts.append(tables.pairs(_facts(shown, picture)))
    for title, key, line in _SECTIONS:
        if shown[key]:
            parts.append(Text(f"\n{title}", "bold"))
            parts += [tables.cell(f"  {line(row, picture)}") for row in shown[key]]
    if shown["next"]:
        parts.append(Text("\nNext", "bold"))
        parts.append(tables.slots(shown["next"], picture.now, None))
    return parts


def _headline(shown: Mapping[str, Any]) -> Text:
    return Text("scheduled is ").append(shown["health"], COLORS[shown["health"]])


def _facts(shown: Mapping[str, Any], picture: Picture) -> list[tuple[str, str]]:
    seed = shown["seed_state"]
    return [
        ("last tick", _last_tick(picture)),
        ("branches", _branches(seed["health_check"])),
        ("mail", _mail(seed["mail_cleanup"], picture.mail)),
        ("memory", _memory(seed["memory_rollover"])),
        ("jobs", _jobs(shown["counts"])),
        ("last gap", _last_gap(shown["gaps"], picture)),
    ]


def _last_tick(picture: Picture) -> str:
    if picture.last_tick is None:
        return "none yet"
    return both(picture.last_tick, picture.now, picture.zone)


def _branches(check: Mapping[str, Any]) -> str:
    if not check.get("last_run"):
        return "not checked yet"
    last = check.get("last_status")
    counts = last if isinstance(last, dict) else {}
    said = (f"{_many(counts.get(word))} {word}" for word in ("healthy", "warnings", "errors"))
    return f"{', '.join(said)} (checked {check['last_run']})"


def _mail(cleanup: Mapping[str, Any], totals: Mapping[str, Any]) -> str:
    said = []
    if totals:
        unread, every = _many(totals.get("total_unread")), _many(totals.get("total_messages"))
        said.append(f"{unread} unread of {every}")
    stats = cleanup.get("stats")
    stats = stats if isinstance(stats, dict) else {}
    opened, closed = (_many(stats.get(f"auto_{word}_total")) for word in ("opened", "closed"))
    said.append(f"{opened} opened and {closed} closed automatically so far")
    return "; ".join(said)


def _memory(rollover: Mapping[str, Any]) -> str:
    if not rollover.get("last_check"):
        return "not checked yet"
    files = rollover.get("notified_files")
    if not isinstance(files, list) or not files:
        return "all files within their limits"
    return f"{len(files)} over the limit: {_some(files)}"


def _jobs(counts: Mapping[str, Any]) -> str:
    ran = ", ".join(
        f"{count} {word.replace('_', ' ')}" for word, count in counts["runs_24h"].items() if count
    )
    return f"{counts['jobs']}, {counts['enabled']} enabled; in 24 hours: {ran or 'no run'}"


def _last_gap(gaps: list[Mapping[str, Any]], picture: Picture) -> str:
    if not gaps:
        return "none"
    start, end = moment(gaps[-1].get("from")), moment(gaps[-1].get("to"))
    if start is None or end is None:
        return "unknown"
    length = span(abs((end - start).total_seconds()))
    zone = picture.zone
    return f"{absolute(start, zone)} to {absolute(end, zone)}, {length}: {gaps[-1].get('cause')}"


def _running(row: Mapping[str, Any], picture: Picture) -> str:
    since = moment(row["since"])
    length = span((picture.now - since).total_seconds()) if since else "some time"
    return f"{row['job']}: for {length}, run {row['run_id']}, process {row['pid'] or 'unknown'}"


def _failing(row: Mapping[str, Any], picture: Picture) -> str:
    when = moment(row["at"])
    ago = f", {relative(when, picture.now)}" if when else ""
    log = f"; {row['log']}" if row["log"] else ""
    return f"{row['job']}: {row['failures']} times{ago}: {row['error'] or row['outcome']}{log}"


def _overdue(row: Mapping[str, Any], picture: Picture) -> str:
    slot = moment(row["slot"])
    return f"{row['job']}: due since {both(slot, picture.now, picture.zone) if slot else '?'}"


def _some(names: Iterable[object]) -> str:
    every = [str(name) for name in names]
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _many(value: Any) -> int:
    """A count; of a list, its length."""
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list) else 0


_SECTIONS: tuple[tuple[str, str, Callable[[Mapping[str, Any], Picture], str]], ...] = (
    ("Running", "running", _running),
    ("Failing", "failing", _failing),
    ("Overdue", "overdue", _overdue),
)
