"""Executors at which no run could be started for a long time: their jobs wait, and fail nowhere."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from scheduled.config.load import Config
from scheduled.jobs.model import Job
from scheduled.planning import decide, incidents
from scheduled.planning.incidents import Finding, Kind
from scheduled.state import records
from scheduled.state.document import State
from scheduled.state.records import JobMemory
from scheduled.system.text import one_line
from scheduled.ticks.listed_findings import Known, before_colon, compared, listed
from scheduled.timing.instants import parse_utc
from scheduled.views.format import counted

LASTING = timedelta(hours=1)
"""For so long nothing could be started there before anybody is told."""
CONNECTED = timedelta(minutes=10)
"""A run that is older waits neither for a connection nor for a worker."""
CASE = incidents.case_of(Kind.UNREACHABLE, "executors")


def finding(state: State, config: Config, known: Known, now: datetime) -> Finding:
    """Return the finding about executors; another one that is out of reach besides is told."""
    found = [*_silent(state, config, now)]
    lines = [f"{name}: {text}" for name, _, text in found]
    over = "runs start there again, or none is due"
    result = incidents.condition(Kind.UNREACHABLE, CASE, listed(lines), over)
    since = min((since for _, since, _ in found), default=None)
    return compared(result._replace(since=since), known, before_colon)


def _silent(state: State, config: Config, now: datetime) -> Iterator[tuple[str, datetime, str]]:
    """Yield each place at which nothing could be started, since when, and what waits, and why."""
    waiting: dict[Any, list[Mapping[str, Any]]] = {}
    begun: dict[Any, datetime] = {}
    for job in config.jobs:
        entry: Any = state["jobs"].get(job.id)
        if not job.executor or entry is None:
            continue
        memory, deferred = records.job_memory(state, job.id), entry.get("deferred") or {}
        if deferred.get("unstarted") and not memory.runs and _is_expected(job, memory, now):
            waiting.setdefault(job.place, []).append(deferred)
        if (at := _last_begin(entry, memory, now)) is not None:
            begun[job.place] = max(begun.get(job.place, at), at)
    asleep_until = records.end_of_last_gap(state)
    for place, entries in waiting.items():
        first = min(filter(None, (parse_utc(each.get("since")) for each in entries)), default=None)
        newest = max(entries, key=lambda each: str(each.get("at")))
        last = parse_utc(newest.get("at"))
        if first is None or last is None:
            continue
        since = max(filter(None, (first, begun.get(place), asleep_until)))
        if last - since >= LASTING:
            waits = "waits" if len(entries) == 1 else "wait"
            reason = one_line(str(newest.get("reason") or "no reason is known"))
            yield _name(*place), since, f"{counted(len(entries), 'job')} {waits}: {reason}"


def _name(executor: str, *resources: tuple[str, float]) -> str:
    wanted = " and ".join(f"{amount:g} {name}" for name, amount in resources)
    return f"{executor} with {wanted}" if wanted else executor


def _is_expected(job: Job, memory: JobMemory, now: datetime) -> bool:
    is_paused = memory.pause is not None and memory.pause.covers(now)
    return decide.is_enabled(job, memory) and memory.cancelled is None and not is_paused


def _last_begin(entry: Any, memory: JobMemory, now: datetime) -> datetime | None:
    """Return when a run of a job was in progress last that had begun there indeed."""
    if any(now - run.started_at > CONNECTED for run in memory.runs.values()):
        return now
    last = entry.get("ran") or entry.get("last") or {}
    return parse_utc(last.get("started_at")) if last.get("run_id") else None
