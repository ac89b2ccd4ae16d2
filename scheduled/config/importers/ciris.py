"""CIRIS's scheduled tasks as jobs (pure).

A CIRIS task is a prompt for CIRIS's agent. The job keeps the prompt among its `params`, and is
disabled until somebody adds a command that does the work.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import (
    Deferrals,
    Findings,
    ImportedJob,
    LeftOut,
    SourceKind,
)
from scheduled.config.importers.json_objects import JsonEntry
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.yaml_document import UNUSABLE
from scheduled.ecosystem import timestamps
from scheduled.errors import cut
from scheduled.system.text import excerpt
from scheduled.timing.instants import format_utc

LISTS = ("scheduled_tasks", "tasks")
"""The key of the list of tasks, in a file with other content."""
LONGEST_REASON = 200

_SIGNS = (b'"task_id"', b'"schedule_cron"', b'"defer_until"')
_NAMES = {"name": "name", "goal_description": "description"}
_OPEN = ("PENDING", "ACTIVE")
_DONE = ("COMPLETE", "CANCELLED", "FAILED")
_NO_PARAMS = {
    *("task_id", "status", "schedule_cron", "defer_until"),
    *("created_at", "last_triggered_at", "deferral_count", "deferral_history", "is_recurring"),
}
_IN_UTC = (
    "CIRIS reads cron expressions in UTC, and so do these jobs; change their `timezone` if you like"
)
_NO_PAST = "created_at and last_triggered_at: the history of a job begins with its first tick here"
_DEFERRED = (
    "how often a task was deferred, and why, is kept in the state; `defer` continues the count"
)


def is_task_list(data: bytes) -> bool:
    """Whether this looks like a list of CIRIS tasks: JSON with a key that only CIRIS uses."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") and any(sign in data for sign in _SIGNS)


def read(entries: Iterable[JsonEntry], now: datetime) -> Findings:
    """Return the jobs of these tasks; one whose time has passed at `now` is left out."""
    results = [_job(entry, now) for entry in entries]
    jobs = tuple(result for result in results if isinstance(result, ImportedJob))
    left_out = tuple(result for result in results if isinstance(result, LeftOut))
    return Findings(SourceKind.CIRIS, jobs, left_out=left_out, notes=tuple(_notes(jobs)))


def _notes(jobs: tuple[ImportedJob, ...]) -> Iterable[str]:
    if any("timezone" in job.fields for job in jobs):
        yield _IN_UTC
    if jobs:
        yield _NO_PAST
    if any(job.deferrals.count for job in jobs):
        yield _DEFERRED


def _job(entry: JsonEntry, now: datetime) -> ImportedJob | LeftOut:
    if not isinstance(entry.value, dict):
        return LeftOut(entry.line, excerpt(str(entry.value)), "not an object with a task_id")
    # CIRIS writes null and "" for a missing value.
    task = {name: value for name, value in entry.value.items() if value not in (None, "")}
    id_ = str(task.get("task_id", ""))
    reason = _status_problem(task) or _timing_problem(task, now)
    if not id_ or reason:
        name = id_ or str(task.get("name", "a task"))
        return LeftOut(entry.line, excerpt(name), reason if id_ else "no task_id")
    values = {_NAMES.get(name, name): _as_one_line(name, value) for name, value in task.items()}
    fields = {name: value for name, value in values.items() if name in JOB_KEYS}
    params = {name: values[name] for name in values if name not in {*fields, *_NO_PARAMS}}
    job = {"id": id_, **_schedule(task), **fields}
    deferrals = _deferrals(task)
    return ImportedJob(entry.line, id_, placeholder.complete(job, params), deferrals=deferrals)


def _status_problem(task: Mapping[str, Any]) -> str:
    """Return why a task needs no job because of its status, or ''."""
    status = str(task.get("status", _OPEN[0])).upper()
    if status in _DONE:
        return f"its status is {status}, so it is done"
    known = ", ".join((*_OPEN, *_DONE))
    return "" if status in _OPEN else f'status: "{excerpt(status)}" is not one of {known}'


def _timing_problem(task: Mapping[str, Any], now: datetime) -> str:
    """Return why a task has no time to run at, or no clear one, or ''.

    One that recurs, and was deferred until a time that has passed, just recurs.
    """
    recurs = "schedule_cron" in task
    if "defer_until" not in task:
        return (
            "" if recurs else "neither schedule_cron nor defer_until, so it has no time to run at"
        )
    try:
        when = timestamps.parse(task["defer_until"], UTC)
    except ValueError as error:
        return f"defer_until: {error}"
    if recurs and when > now:
        return (
            "both schedule_cron and defer_until: a job has only one of them. Remove defer_until"
            " here, import again, and `scheduled defer` the job"
        )
    if recurs or when > now:
        return ""
    return (
        f"defer_until: {format_utc(when)} has passed, and it was not done."
        " If it is still to be done, set a future time here and import again"
    )


def _schedule(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys for the schedule. CIRIS uses croniter with timestamps in UTC."""
    if "schedule_cron" in task:
        return {"schedule": str(task["schedule_cron"]), "timezone": "UTC"}
    return {"schedule": f"at:{format_utc(timestamps.parse(task['defer_until'], UTC))}"}


def _as_one_line(name: str, value: Any) -> Any:
    return " ".join(value.split()) if name in _NAMES and isinstance(value, str) else value


def _deferrals(task: Mapping[str, Any]) -> Deferrals:
    """Return the deferrals of a task, in either of the two forms that CIRIS has."""
    entries = task.get("deferral_history") or ()
    history = [_deferral(entry) for entry in entries if isinstance(entry, dict)]
    count = task.get("deferral_count")
    return Deferrals(max(count if type(count) is int else 0, len(history)), tuple(history))


def _deferral(entry: Mapping[str, Any]) -> dict[str, str | None]:
    reason = entry.get("reason", entry.get("deferral_reason")) or ""
    plain = cut(UNUSABLE.sub("", " ".join(str(reason).split())), LONGEST_REASON)
    instants = {
        name: timestamps.readable(entry.get(name), UTC)
        for name in ("deferred_at", "deferred_until")
    }
    stamps = {name: format_utc(at) if at else None for name, at in instants.items()}
    other = entry.get("deferred_task_id")
    named = {"deferred_task_id": excerpt(str(other), LONGEST_REASON)} if other else {}
    return stamps | {"reason": plain} | named
