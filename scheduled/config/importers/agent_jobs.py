"""The jobs of OpenClaw and of Hermes, from their `cron/jobs.json` (pure).

What they do is a prompt for an agent. A job keeps the prompt among its `params`, and is disabled
until somebody adds a command that does the work.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.job_names import as_id
from scheduled.config.importers.json_objects import JsonEntry
from scheduled.config.importers.time_span import duration
from scheduled.ecosystem import timestamps
from scheduled.errors import cut
from scheduled.system.text import excerpt
from scheduled.timing.instants import format_utc

LISTS = ("jobs",)
"""The key of the list of jobs."""
_OPENCLAW = re.compile(rb'"(?:sessionTarget|everyMs|wakeMode|createdAtMs)"\s*:')
_HERMES = re.compile(rb'"(?:schedule_display|run_at|next_run_at)"\s*:')
_LONGEST = 200
_NO_PAST = "what ran there, and how often, is not kept: the history of a job begins here"
_TO_WHOM = "where the answer was delivered is kept in `params`; `notify` says who is told here"
_NOT_PARAMS = {
    *(
        "id",
        "name",
        "description",
        "enabled",
        "schedule",
        "schedule_display",
        "state",
        "createdAtMs",
    ),
    *("updatedAtMs", "created_at", "updated_at", "next_run_at", "last_run_at", "last_status"),
    *("last_error", "paused_at", "last_delivery_error", "paused_reason"),
}


def kind_of(data: bytes) -> SourceKind | None:
    """Return whose list of jobs this JSON looks like; None if it is neither's."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start not in (b"{", b"[") or b'"schedule"' not in data:
        return None
    if _OPENCLAW.search(data):
        return SourceKind.OPENCLAW
    return SourceKind.HERMES if _HERMES.search(data) else None


def read(entries: Iterable[JsonEntry], kind: SourceKind, now: datetime, zone: tzinfo) -> Findings:
    """Return these jobs; one whose only time has passed at `now` is left out.

    Times without a zone are in `zone`.
    """
    results = [_job(entry, now, zone) for entry in entries]
    jobs = tuple(result for result in results if isinstance(result, ImportedJob))
    left_out = tuple(result for result in results if isinstance(result, LeftOut))
    return Findings(kind, jobs, left_out=left_out, notes=(_NO_PAST, _TO_WHOM) if jobs else ())


def _job(entry: JsonEntry, now: datetime, zone: tzinfo) -> ImportedJob | LeftOut:
    job = entry.value
    if not isinstance(job, dict):
        return LeftOut(entry.line, _excerpt_of(job), "not an object with a schedule")
    names = (job.get(key) for key in ("name", "id"))
    name = next((name for name in names if isinstance(name, str) and name.strip()), "a job")
    name = excerpt(" ".join(name.split()))
    try:
        schedule, anchor = _schedule(job.get("schedule"), now, zone)
    except ValueError as error:
        return LeftOut(entry.line, name, str(error))
    params = {key: value for key, value in job.items() if key not in _NOT_PARAMS and value}
    if job.get("enabled") is False or job.get("state") in ("paused", "completed"):
        params["was_enabled"] = False
    fields = {"id": as_id(name) or "job", "name": name, **schedule}
    if description := " ".join(str(job.get("description") or "").split()):
        fields["description"] = cut(description, _LONGEST)
    complete = placeholder.complete(fields, _plain(params))
    return ImportedJob(entry.line, name, complete, is_named=False, anchor=anchor)


def _schedule(schedule: Any, now: datetime, zone: tzinfo) -> tuple[dict[str, str], datetime | None]:
    """Return the keys of a schedule, and what an interval counts from. Raise ValueError."""
    if not isinstance(schedule, Mapping):
        raise ValueError("no schedule with a kind")
    kind = schedule.get("kind")
    if kind == "cron":
        expr = schedule.get("expr")
        if not isinstance(expr, str) or not expr.strip():
            raise ValueError("schedule.expr: no cron expression")
        fields = expr.split()
        if len(fields) == 6 and fields[0] == "0":
            expr = " ".join(fields[1:])
        tz = schedule.get("tz")
        found = {"schedule": expr}
        if stagger := _number(schedule.get("staggerMs")):
            found["jitter"] = duration(min(stagger / 1000, 86_340)) if stagger >= 1000 else ""
        return {k: v for k, v in {**found, "timezone": str(tz or "")}.items() if v}, None
    if kind in ("every", "interval"):
        seconds = _number(schedule.get("everyMs")) / 1000 or _number(schedule.get("minutes")) * 60
        if not 60 <= seconds < 10**9 or seconds % 1:
            raise ValueError("an interval is at least a minute, in whole seconds")
        anchor = _number(schedule.get("anchorMs"))
        start = datetime.fromtimestamp(anchor / 1000, UTC) if 0 < anchor < 4e12 else None
        is_usable = start is not None and start.year > 2000 and start <= now
        return {"schedule": f"every {duration(seconds)}"}, start if is_usable else None
    if kind in ("at", "once"):
        when = _instant(schedule, zone)
        if when <= now:
            raise ValueError(f"{format_utc(when)} has passed")
        return {"schedule": f"at:{format_utc(when)}"}, None
    raise ValueError(f'schedule.kind: "{excerpt(str(kind))}" is not one of cron, every, at')


def _instant(schedule: Mapping[str, Any], zone: tzinfo) -> datetime:
    milliseconds = _number(schedule.get("atMs"))
    if 0 < milliseconds < 1e14:
        return datetime.fromtimestamp(milliseconds // 1000, UTC)
    return timestamps.parse(schedule.get("at") or schedule.get("run_at"), zone).replace(
        microsecond=0
    )


def _excerpt_of(value: Any) -> str:
    """Return what stands where a job should, as the file has it."""
    return excerpt(value if isinstance(value, str) else json.dumps(value))


def _number(value: Any) -> float:
    return value if type(value) in (int, float) and abs(value) < 1e15 else 0


def _plain(value: Any) -> Any:
    """Return a value without nulls, which YAML would write out."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list) else value
