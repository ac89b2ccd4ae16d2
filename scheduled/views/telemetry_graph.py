"""Jobs, runs and deferrals as nodes of a graph, as CIRIS stores them: one at a time.

Of runs and deferrals there are those that the journal has.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scheduled.jobs.model import Job
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.state.journal import Event
from scheduled.timing.instants import format_utc
from scheduled.views.telemetry import Telemetry, deferral_count, task_type

KINDS = frozenset(("end", "deferred", "deferral"))
"""The events that are nodes."""
STATUSES = {"succeeded": "completed"}
"""CIRIS's words for outcomes; the others are the same."""


def nodes(told: Telemetry, events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Yield a node for each job, then for each run and each deferral, newest first."""
    for job in told.snapshot.jobs:
        yield _task(told, job)
    origins = {job.id: _origin(job) for job in told.snapshot.jobs}
    counts: dict[str, int] = {}
    for event in events:
        if event["event"] == "end":
            node = _execution(event)
        else:
            node = _deferral(event, origins, _count(told, event, counts))
        if node is not None:
            yield node


def _task(told: Telemetry, job: Job) -> dict[str, Any]:
    upcoming = format_utc(told.snapshot.next_run(job))
    relationships = [{"type": "CREATED_BY", "target": _origin(job)}]
    if upcoming is not None:
        relationships.append({"type": "SCHEDULED_FOR", "target": f"time_{upcoming}"})
    return {
        "node_type": "scheduled_task",
        "task_id": job.id,
        "metadata": {
            "name": job.name or job.id,
            "status": told.task_status(job),
            "task_type": task_type(job),
            "cron_expression": job.schedule,
            "created_at": told.entry(job).get("first_seen"),
        },
        "relationships": relationships,
    }


def _origin(job: Job) -> str:
    """Return the thought that an imported task came from, else where the job is defined."""
    return str(job.params.get("origin_thought_id") or job.source)


def _execution(event: Event) -> dict[str, Any] | None:
    row = history.row_of(event)
    if row is None:
        return None
    return {
        "node_type": "task_execution",
        "execution_id": row["run_id"],
        "metadata": {
            "task_id": row["job"],
            "execution_type": _trigger(row),
            "status": STATUSES.get(row["outcome"] or "", row["outcome"]),
            "triggered_at": row["started_at"],
            "completed_at": row["finished_at"],
            "duration_seconds": row["duration_seconds"],
        },
        "relationships": [{"type": "EXECUTION_OF", "target": row["job"]}, *_thought(row["result"])],
    }


def _trigger(row: Row) -> str:
    if row["slot"] is None:
        return "manual"
    if row["attempt"] > 1:
        return "retry"
    return "catch_up" if row["catch_up"] else "cron_trigger"


def _thought(result: Any) -> Iterator[dict[str, str]]:
    """Yield the thought that a run has created, if its result names one."""
    thought = result.get("thought_id") if isinstance(result, dict) else None
    if isinstance(thought, str):
        yield {"type": "CREATED_THOUGHT", "target": thought}


def _count(told: Telemetry, event: Event, counts: dict[str, int]) -> int:
    """Return how often the job was deferred up to this event, the newest of those not seen yet."""
    job = str(event.get("job"))
    known = counts.setdefault(job, deferral_count(told.snapshot.entry(job)))
    counts[job] -= event["event"] == "deferred" or event.get("until") is not None
    return max(known, 1)


def _deferral(event: Event, origins: Mapping[str, str], count: int) -> dict[str, Any] | None:
    job, number = event.get("job"), event.get("seq")
    by_person = event["event"] == "deferral"
    if not isinstance(job, str) or (by_person and event.get("until") is None):
        return None
    until = event.get("until") if by_person else event.get("retry_at")
    return {
        "node_type": "task_deferral",
        "deferral_id": f"defer_{number if number is not None else event.get('at')}",
        "metadata": {
            "task_id": job,
            "original_time": event.get("slot"),
            "deferred_until": until,
            "reason": event.get("reason") or "",
            "deferral_count": count,
        },
        "relationships": [
            {"type": "DEFERRAL_OF", "target": job},
            {"type": "REQUESTED_BY", "target": "user" if by_person else origins.get(job, job)},
        ],
    }
