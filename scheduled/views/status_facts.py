"""What `status` says besides: ticks, what built-in jobs found, counts, outages, pauses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scheduled.jobs import builtin
from scheduled.state.records import ALL_JOBS
from scheduled.timing.instants import parse_utc
from scheduled.views import gaps
from scheduled.views.format import clock_and_distance, counted, some
from scheduled.views.snapshot import Snapshot

GAPS_SHOWN = 5


def facts(document: Mapping[str, Any], snapshot: Snapshot) -> list[tuple[str, str]]:
    return [
        ("last tick", _last_tick(snapshot)),
        *_ecosystem(document["seed_state"], snapshot),
        ("jobs", _jobs(document["counts"])),
        *(("finished", some(names)) for names in [_names(document["finished"])] if names),
        *(("built-in", sentence) for sentence in _inactive(snapshot)),
        *(("warnings", sentence) for sentence in _warnings(snapshot)),
        *_gaps(document, snapshot),
        *(("paused", _paused(name, entry, snapshot)) for name, entry in document["paused"].items()),
    ]


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(row["job"]) for row in rows]


def _ecosystem(seed: Mapping[str, Any], snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return what the built-in jobs found last; nothing where they are inactive and never ran."""
    if [*_inactive(snapshot)] and not seed["health_check"].get("last_run"):
        return []
    return [
        ("branches", _branches(seed["health_check"])),
        ("mail", _mail(seed["mail_cleanup"], snapshot.mail)),
        ("memory", _memory(seed["memory_rollover"])),
    ]


def _paused(name: str, entry: Mapping[str, Any], snapshot: Snapshot) -> str:
    end = parse_utc(entry["until"])
    until = (
        f"until {clock_and_distance(end, snapshot.now, snapshot.zone)}" if end else "until resumed"
    )
    why = f": {entry['reason']}" if entry["reason"] else ""
    return f"{'all jobs' if name == ALL_JOBS else name} {until}{why}"


def _last_tick(snapshot: Snapshot) -> str:
    if snapshot.last_tick is None:
        return "none yet"
    return clock_and_distance(snapshot.last_tick, snapshot.now, snapshot.zone)


def _branches(check: Mapping[str, Any]) -> str:
    if not check.get("last_run"):
        return "not checked yet"
    last = check.get("last_status")
    counts = last if isinstance(last, dict) else {}
    parts = (
        f"{_count(counts.get('healthy'))} healthy",
        counted(_count(counts.get("warnings")), "warning"),
        counted(_count(counts.get("errors")), "error"),
    )
    is_ill = any(_count(counts.get(word)) for word in ("warnings", "errors"))
    hint = "; `scheduled branches` lists them" if is_ill else ""
    return f"{', '.join(parts)} (checked {check['last_run']}){hint}"


def _mail(cleanup: Mapping[str, Any], totals: Mapping[str, Any]) -> str:
    parts = []
    if totals:
        unread, every = _count(totals.get("total_unread")), _count(totals.get("total_messages"))
        parts.append(f"{unread} unread of {every}")
    stats = cleanup.get("stats")
    stats = stats if isinstance(stats, dict) else {}
    opened, closed = (_count(stats.get(f"auto_{word}_total")) for word in ("opened", "closed"))
    parts.append(f"{opened} opened and {closed} closed automatically so far")
    return "; ".join(parts)


def _memory(rollover: Mapping[str, Any]) -> str:
    if not rollover.get("last_check"):
        return "not checked yet"
    files = rollover.get("notified_files")
    if not isinstance(files, list) or not files:
        return "all files within their limits"
    return f"{len(files)} over the limit: {some(files)}"


def _jobs(counts: Mapping[str, Any]) -> str:
    words = {"missed": "or more missed"} if counts["missed_capped"] else {}
    ran = ", ".join(
        f"{count} {words.get(word) or word.replace('_', ' ')}"
        for word, count in counts["runs_24h"].items()
        if count
    )
    return f"{counts['jobs']}, {counts['enabled']} enabled; in 24 hours: {ran or 'no run'}"


def _inactive(snapshot: Snapshot) -> Iterator[str]:
    """Yield that built-in jobs are inactive without an ecosystem, if they are."""
    inactive = [job.id for job in snapshot.jobs if job.source == builtin.INACTIVE]
    if inactive:
        yield f"{', '.join(inactive)}: inactive, as the root has no registry of branches"


def _warnings(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.warnings:
        lines = counted(len(snapshot.warnings), "line")
        yield f"{lines} of the configuration; `scheduled config validate` prints them"


def _gaps(document: Mapping[str, Any], snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield the gaps of the last day; if there was none, the last one."""
    recent = gaps.away(snapshot)
    newest = gaps.sentences(document["gaps"][-1:], snapshot)
    for sentence in (recent or newest or ["none"])[:GAPS_SHOWN]:
        yield "last gap", sentence
    if more := len(recent[GAPS_SHOWN:]):
        yield "", f"and {more} more in 24 hours; `scheduled history --gaps` lists them"


def _count(value: Any) -> int:
    """Return a count; of a list, its length."""
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list) else 0
