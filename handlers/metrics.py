"""Measure the ecosystem: logs and their errors, memory files, mail, branches.

Writes `METRICS.central.json`, with the measurements of the last seven days as its `history`.
Errors and warnings are those of the last hour. Only files that changed are read.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scheduled.ecosystem import central, logs, mail_counts, registry, timestamps
from scheduled.ecosystem.memory import Limits, Survey
from scheduled.ecosystem.registry import Branch, Registry
from scheduled.errors import UnreadableFileError
from scheduled.handler import Context
from scheduled.system.files import stamp
from scheduled.system.stamp_cache import StampCache

PARAMS = Limits.PARAMS

NAME = "METRICS"

HISTORY = timedelta(days=7)
"""The seed's recommendation, under its open questions."""

BRANCHES_IN_HISTORY = 100
"""In a larger ecosystem history keeps the sums alone: 168 times all branches is too much."""


def run(context: Context) -> dict[str, object]:
    """Measure everything, write METRICS.central.json, and return the new measurement."""
    limits = Limits.from_params(context.params)
    branches = registry.load(context.root, context.cache_dir)
    cache = StampCache(context.cache_dir / "metrics.sweep")
    measured: dict[str, Any] = {
        "timestamp": context.local_timestamp,
        "logs": _logs(context, branches),
        "memory": _memory(branches, cache, limits),
        "mail": _mail(context, branches, cache),
        "branches": _branches(branches),
    }
    cache.save()
    brief = _brief(measured)
    history = [*_history(context), brief]
    central.write(context.central_dir, NAME, {**measured, "history": history})
    return brief


def _logs(context: Context, branches: Registry) -> dict[str, Any]:
    cache = context.cache_dir / "metrics.logs"
    scan = logs.scan(context.root, branches, context.now, context.zone, cache)
    if scan is None:
        return {}
    for problem in scan.problems:
        context.log(problem)
    return {
        "total_size_bytes": scan.total_size_bytes,
        "total_size_mb": round(scan.total_size_bytes / 1024 / 1024, 2),
        "file_count": scan.file_count,
        "rotated_size_bytes": scan.rotated_size_bytes,
        "rotated_count": scan.rotated_count,
        "recent_errors": scan.recent_errors,
        "recent_warnings": scan.recent_warnings,
        "errors_by_branch": scan.errors_by_branch,
    }


def _memory(branches: Iterable[Branch], cache: StampCache, limits: Limits) -> dict[str, int]:
    totals = {"file_count": 0, "total_size_bytes": 0, "total_lines": 0, "exceeding": 0}
    active = [branch for branch in branches if branch.active]
    for file in Survey(cache, limits, thorough=False).files(active):
        totals["file_count"] += 1
        totals["total_size_bytes"] += file.size
        totals["total_lines"] += file.lines or 0
        totals["exceeding"] += file.is_over
    return totals


def _mail(context: Context, branches: Registry, cache: StampCache) -> dict[str, Any]:
    counts, problems = mail_counts.count(branches, cache)
    for problem in problems:
        context.log(problem)
    total = mail_counts.total(counts.values())
    return {
        "total_messages": total.total,
        "total_unread": total.unread,
        "unreadable": len(problems),
        "by_branch": {name: count._asdict() for name, count in counts.items()},
    }


def _branches(branches: Registry) -> dict[str, Any]:
    by_status = Counter(branch.status for branch in branches)
    return {"total": len(branches), "by_status": dict(sorted(by_status.items()))}


def _brief(measured: dict[str, Any]) -> dict[str, Any]:
    """Return a measurement as the history keeps it."""
    if measured["branches"]["total"] <= BRANCHES_IN_HISTORY:
        return measured
    left_out = ("by_branch", "errors_by_branch")
    return {
        section: {key: value for key, value in values.items() if key not in left_out}
        if isinstance(values, dict)
        else values
        for section, values in measured.items()
    }


def _history(context: Context) -> list[Any]:
    """Return the measurements of the last seven days, oldest first.

    A central file that cannot be understood is put aside, since its content is nowhere else.
    Raises CentralFileError if that is impossible.
    """
    path = central.path_of(context.central_dir, NAME)
    try:
        document = central.read_strictly(context.central_dir, NAME)
        if document is None and stamp(path) is None:
            return []
        history = document.get("history", []) if isinstance(document, dict) else None
        if not isinstance(history, list):
            raise UnreadableFileError(path, "no history in it")
    except UnreadableFileError as error:
        _put_aside(path, context, error.reason)
        return []
    since = context.now - HISTORY
    return [each for each in history if _is_later(each, since, context)]


def _is_later(measured: Any, since: datetime, context: Context) -> bool:
    stated = measured.get("timestamp") if isinstance(measured, dict) else None
    moment = timestamps.readable(stated, context.zone)
    return moment is not None and moment > since


def _put_aside(path: Path, context: Context, reason: str) -> None:
    aside = f"{path.name}.corrupt-{context.now:%Y%m%dT%H%M%SZ}"
    central.put_aside(path, aside, reason)
    context.log(f"{path}: {reason}; kept as {aside}, the history begins anew")
