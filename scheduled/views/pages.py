"""`status` as a person wants to read it: what is wrong first, then what was, then what comes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from scheduled.jobs import builtin
from scheduled.state.history import Row
from scheduled.state.records import ALL_JOBS
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import tables
from scheduled.views.format import absolute, both, counted, relative, span
from scheduled.views.snapshot import Snapshot

COLORS = {"healthy": "green", "degraded": "yellow", "critical": "red"}
NAMED = 5
"""How many names a line lists before it says how many more there are."""


def of_status(shown: Mapping[str, Any], snapshot: Snapshot) -> list[RenderableType]:
    """The page made from `status --json`, part by part."""
    parts: list[RenderableType] = [_headline(shown)]
    parts += [tables.indented(f"- {reason}") for reason in shown["reasons"]]
    parts.append(tables.pairs(_facts(shown, snapshot)))
    for title, key, line in _SECTIONS:
        if shown[key]:
            parts.append(Text(f"\n{title}", "bold"))
            parts += [tables.indented(line(row, snapshot)) for row in shown[key]]
    if shown["next"]:
        parts.append(Text("\nNext", "bold"))
        parts.append(tables.slots(shown["next"], snapshot.now, None))
    return parts


def of_job(shown: Mapping[str, Any], snapshot: Snapshot) -> list[RenderableType]:
    """The page made from `show JOB --json`, part by part."""
    job = {key: value for key, value in shown["job"].items() if not key.startswith("last_")}
    job["next_run"] = tables.awaited(shown["job"], snapshot.now, snapshot.zone)
    parts: list[RenderableType] = [
        tables.pairs([*_said(job, snapshot), *_said(shown["definition"], snapshot)]),
        Text("\nLast", "bold"),
        tables.pairs(_said(shown["last"], snapshot) or [("never", "")]),
    ]
    if shown["state"]:
        parts += [Text("\nState", "bold"), tables.pairs(_said(shown["state"], snapshot))]
    if shown["next"]:
        parts += [Text("\nNext", "bold"), tables.slots(shown["next"], snapshot.now, job["id"])]
    if shown["output"]:
        parts.append(Text(f"\nOutput of {one_line(shown['output']['run_id'])}", "bold"))
        parts += [tables.indented(line) for line in shown["output"]["lines"]]
        parts.append(tables.indented(f"all of it: {shown['output']['path']}"))
    return parts


def of_next(shown: Mapping[str, Any], now: datetime) -> list[RenderableType]:
    """The page made from `next --json`."""
    if not shown["next"]:
        return [Text("No slot will come: nothing that is enabled fires again.")]
    if "explain" in shown["next"][0]:
        return [part for row in shown["next"] for part in _explained(row, now, shown["job"])]
    return [tables.slots(shown["next"], now, shown["job"])]


def _explained(row: Mapping[str, Any], now: datetime, job: str | None) -> list[RenderableType]:
    local = datetime.fromisoformat(row["local"])
    when = both(local, now, local.tzinfo or now.tzinfo or UTC)
    head = when if job else f"{row['job']}: {when}"
    return [tables.cell(head), *(tables.indented(f"- {one}") for one in row["explain"])]


def of_history(rows: Sequence[Row], now: datetime, zone: tzinfo) -> list[RenderableType]:
    """The page made from `history --json`."""
    if not rows:
        return [Text("No such run is on record.")]
    return [tables.runs(rows, now, zone)]


def _headline(shown: Mapping[str, Any]) -> Text:
    return Text("scheduled is ").append(shown["health"], COLORS[shown["health"]])


def _facts(shown: Mapping[str, Any], snapshot: Snapshot) -> list[tuple[str, str]]:
    return [
        ("last tick", _last_tick(snapshot)),
        *_ecosystem(shown["seed_state"], snapshot),
        ("jobs", _jobs(shown["counts"])),
        *(("built-in", said) for said in _at_rest(snapshot)),
        *(("oddities", said) for said in _oddities(snapshot)),
        ("last gap", _last_gap(shown["gaps"], snapshot)),
        *(("paused", _paused(name, entry)) for name, entry in shown["paused"].items()),
    ]


def _ecosystem(seed: Mapping[str, Any], snapshot: Snapshot) -> list[tuple[str, str]]:
    """What the shipped jobs found last; nothing where they rest and never found anything."""
    if [*_at_rest(snapshot)] and not seed["health_check"].get("last_run"):
        return []
    return [
        ("branches", _branches(seed["health_check"])),
        ("mail", _mail(seed["mail_cleanup"], snapshot.mail)),
        ("memory", _memory(seed["memory_rollover"])),
    ]


def _paused(name: str, entry: Mapping[str, Any]) -> str:
    until = f"until {entry['until']}" if entry["until"] else "until resumed"
    why = f": {entry['reason']}" if entry["reason"] else ""
    return f"{'all jobs' if name == ALL_JOBS else name} {until}{why}"


def _last_tick(snapshot: Snapshot) -> str:
    if snapshot.last_tick is None:
        return "none yet"
    return both(snapshot.last_tick, snapshot.now, snapshot.zone)


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
    words = {"missed": "or more missed"} if counts["missed_capped"] else {}
    ran = ", ".join(
        f"{count} {words.get(word) or word.replace('_', ' ')}"
        for word, count in counts["runs_24h"].items()
        if count
    )
    return f"{counts['jobs']}, {counts['enabled']} enabled; in 24 hours: {ran or 'no run'}"


def _at_rest(snapshot: Snapshot) -> Iterator[str]:
    """That shipped jobs rest for want of an ecosystem, if they do."""
    resting = [job.id for job in snapshot.jobs if job.source == builtin.INACTIVE]
    if resting:
        yield f"{', '.join(resting)}: off, as there is no registry of branches in the root"


def _oddities(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.warnings:
        told = counted(len(snapshot.warnings), "line")
        yield f"{told} of the configuration; `scheduled config validate` shows them"


def _last_gap(gaps: list[Mapping[str, Any]], snapshot: Snapshot) -> str:
    if not gaps:
        return "none"
    start, end = parse_utc(gaps[-1].get("from")), parse_utc(gaps[-1].get("to"))
    if start is None or end is None:
        return "unknown"
    length = span(abs((end - start).total_seconds()))
    zone = snapshot.zone
    return f"{absolute(start, zone)} to {absolute(end, zone)}, {length}: {gaps[-1].get('cause')}"


def _running(row: Mapping[str, Any], snapshot: Snapshot) -> str:
    since = parse_utc(row["since"])
    length = span((snapshot.now - since).total_seconds()) if since else "some time"
    return f"{row['job']}: for {length}, run {row['run_id']}, process {row['pid'] or 'unknown'}"


def _failing(row: Mapping[str, Any], snapshot: Snapshot) -> str:
    when = parse_utc(row["at"])
    ago = f", {relative(when, snapshot.now)}" if when else ""
    log = f"; {row['log']}" if row["log"] else ""
    times = counted(row["failures"], "time")
    return f"{row['job']}: {times}{ago}: {row['error'] or row['outcome']}{log}"


def _overdue(row: Mapping[str, Any], snapshot: Snapshot) -> str:
    since = parse_utc(row["since"])
    return f"{row['job']}: due since {both(since, snapshot.now, snapshot.zone) if since else '?'}"


def _some(names: Iterable[object]) -> str:
    every = [str(name) for name in names]
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _many(value: Any) -> int:
    """A count; of a list, its length."""
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list) else 0


def _said(values: Mapping[str, Any] | None, snapshot: Snapshot) -> list[tuple[str, str]]:
    """The values worth a line: those that say something."""
    said = values or {}
    return [
        (key, _words(value, snapshot))
        for key, value in said.items()
        if value not in (None, "", [], {}, ())
    ]


def _words(value: Any, snapshot: Snapshot) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {_words(inner, snapshot)}" for key, inner in value.items())
        case list() | tuple():
            return " ".join(_words(inner, snapshot) for inner in value)
        case float():
            return f"{value:g}"
        case str() if value.endswith("Z") and (when := parse_utc(value)):
            return both(when, snapshot.now, snapshot.zone)
        case _:
            return str(value)


_SECTIONS: tuple[tuple[str, str, Callable[[Mapping[str, Any], Snapshot], str]], ...] = (
    ("Running", "running", _running),
    ("Failing", "failing", _failing),
    ("Overdue", "overdue", _overdue),
)
