"""CIRIS's scheduled tasks as jobs of ours; pure.

A task there is a prompt for CIRIS's agent, which nobody else can be given: the job keeps the prompt
among its `params` and is switched off until somebody says what does the work.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from scheduled.config import keys
from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import (
    Deferrals,
    Findings,
    ImportedJob,
    LeftOut,
    SourceKind,
)
from scheduled.config.importers.json_objects import JsonEntry
from scheduled.config.yaml_document import UNUSABLE
from scheduled.ecosystem import timestamps
from scheduled.system.text import excerpt
from scheduled.timing.instants import format_utc

LISTS = ("scheduled_tasks", "tasks")
"""What a list of tasks is called where it does not stand alone."""
LONGEST_REASON = 200

_SIGNS = (b'"task_id"', b'"schedule_cron"', b'"defer_until"')
_NAMES = {"name": "name", "goal_description": "description"}
_OPEN = ("PENDING", "ACTIVE")
_DONE = ("COMPLETE", "CANCELLED", "FAILED")
_NO_PARAMS = {
    *("task_id", "status", "schedule_cron", "defer_until"),
    *("created_at", "last_triggered_at", "deferral_count", "deferral_history"),
}
_IN_UTC = (
    "CIRIS reads cron expressions in UTC, and so do these jobs; change their `timezone` at will"
)
_NO_PAST = "created_at and last_triggered_at: what a job did is known from its first tick here on"
_DEFERRED = "how often a task was deferred, and why, goes into the state; `defer` counts on from it"


def is_task_list(data: bytes) -> bool:
    """Whether this looks like such tasks: JSON, with a name in it that nobody else uses."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") and any(sign in data for sign in _SIGNS)


def read(entries: Iterable[JsonEntry], now: datetime) -> Findings:
    """The jobs that these tasks make; one whose time has passed at `now` makes none."""
    found = [_job(entry, now) for entry in entries]
    wanted = tuple(one for one in found if isinstance(one, ImportedJob))
    left_out = tuple(one for one in found if isinstance(one, LeftOut))
    return Findings(SourceKind.CIRIS, wanted, left_out=left_out, notes=tuple(_notes(wanted)))


def _notes(wanted: tuple[ImportedJob, ...]) -> Iterable[str]:
    if any("timezone" in one.fields for one in wanted):
        yield _IN_UTC
    if wanted:
        yield _NO_PAST
    if any(one.deferrals.count for one in wanted):
        yield _DEFERRED


def _job(entry: JsonEntry, now: datetime) -> ImportedJob | LeftOut:
    if not isinstance(entry.value, dict):
        return LeftOut(entry.line, excerpt(str(entry.value)), "no object with a task_id")
    # null and "" are what CIRIS writes for what there is not.
    task = {name: value for name, value in entry.value.items() if value not in (None, "")}
    id_ = str(task.get("task_id", ""))
    reason = _status_problem(task) or _timing_problem(task) or _past_problem(task, now)
    if not id_ or reason:
        name = id_ or str(task.get("name", "a task"))
        return LeftOut(entry.line, excerpt(name), reason if id_ else "no task_id")
    ours = {_NAMES.get(name, name): _as_one_line(name, value) for name, value in task.items()}
    known = {name: value for name, value in ours.items() if name in keys.JOB_KEYS}
    rest = {name: ours[name] for name in ours if name not in {*known, *_NO_PARAMS}}
    job = {"id": id_, **_schedule(task), **known}
    return ImportedJob(entry.line, id_, placeholder.complete(job, rest), deferrals=_deferrals(task))


def _status_problem(task: Mapping[str, Any]) -> str:
    """Why a task needs no job any more, or cannot be told to; empty if it does."""
    status = str(task.get("status", _OPEN[0])).upper()
    if status in _DONE:
        return f"{status}, so nothing of it is left to do"
    known = ", ".join((*_OPEN, *_DONE))
    return "" if status in _OPEN else f'status: "{excerpt(status)}" is none of {known}'


def _timing_problem(task: Mapping[str, Any]) -> str:
    match "schedule_cron" in task, "defer_until" in task:
        case True, True:
            return (
                "schedule_cron and defer_until: only one of them can say when. Take defer_until"
                " out here, import again, and `scheduled defer` the job"
            )
        case False, False:
            return "neither schedule_cron nor defer_until, so nothing says when"
    return ""


def _past_problem(task: Mapping[str, Any], now: datetime) -> str:
    if "defer_until" not in task:
        return ""
    try:
        when = timestamps.parse(task["defer_until"], UTC)
    except ValueError as error:
        return f"defer_until: {error}"
    if when > now:
        return ""
    return (
        f"defer_until: {format_utc(when)} has passed, and it was not done."
        " If it is still to be done, name a time to come here and import again"
    )


def _schedule(task: Mapping[str, Any]) -> dict[str, str]:
    """When, in our words. CIRIS computes with croniter from timestamps in UTC."""
    if "schedule_cron" in task:
        return {"schedule": str(task["schedule_cron"]), "timezone": "UTC"}
    return {"schedule": f"at:{format_utc(timestamps.parse(task['defer_until'], UTC))}"}


def _as_one_line(name: str, value: Any) -> Any:
    return " ".join(value.split()) if name in _NAMES and isinstance(value, str) else value


def _deferrals(task: Mapping[str, Any]) -> Deferrals:
    """What is told of deferrals, in either of the two shapes that CIRIS has for one."""
    told = task.get("deferral_history")
    history = [_deferral(one) for one in told or () if isinstance(one, dict)]
    count = task.get("deferral_count")
    return Deferrals(max(count if type(count) is int else 0, len(history)), tuple(history))


def _deferral(told: Mapping[str, Any]) -> dict[str, str | None]:
    reason = told.get("reason", told.get("deferral_reason")) or ""
    plain = UNUSABLE.sub("", " ".join(str(reason).split()))[:LONGEST_REASON]
    whens = {
        name: timestamps.readable(told.get(name), UTC) for name in ("deferred_at", "deferred_until")
    }
    stamps = {name: format_utc(when) for name, when in whens.items()}
    return stamps | {"reason": plain}
