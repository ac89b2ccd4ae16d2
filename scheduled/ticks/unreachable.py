"""Executors that have taken no run for a long time: their jobs wait, and none of them fails."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduled.config.load import Config
from scheduled.jobs.model import Job
from scheduled.planning import decide, incidents
from scheduled.planning.incidents import Finding, Kind
from scheduled.state import records
from scheduled.system.text import one_line
from scheduled.ticks.context import TickContext
from scheduled.ticks.listed_findings import Known, before_colon, compared, listed
from scheduled.timing.instants import parse_utc

LASTING = timedelta(hours=1)
"""For so long no run was taken before anybody is told."""
CASE = incidents.case_of(Kind.UNREACHABLE, "executors")
OVER = "runs start there again, or no job is to run there"


def finding(context: TickContext, config: Config, known: Known, now: datetime) -> Finding:
    """Return the finding about executors; another one that takes no run besides is told."""
    found = [*_unreached(context, config, known, now)]
    text = listed([f"{place}: {reason}" for place, _, reason in found])
    result = incidents.condition(Kind.UNREACHABLE, CASE, text, OVER)
    since = min((since for _, since, _ in found), default=None)
    return compared(result._replace(since=since), known, before_colon)


def _unreached(
    context: TickContext, config: Config, known: Known, now: datetime
) -> Iterator[tuple[str, datetime, str]]:
    """Yield the places that take no run, each with since when, and why.

    One that was told of is over once a run begins there, and not by a night without ticks.
    """
    state = context.store.state
    entries = state.get("unreached") or {}
    jobs = [job for job in config.jobs if job.executor and job.place in entries]
    expected = {job.place for job in jobs if _is_expected(context, job, now)}
    busy = {job.place for job in jobs if _has_begun(context, job)}
    told = before_colon(known[CASE].last_error.splitlines()) if CASE in known else set()
    awake_since = records.end_of_last_gap(state)
    for place, entry in entries.items():
        since, last = parse_utc(entry["since"]), parse_utc(entry["at"])
        if since is None or last is None or place not in expected or place in busy:
            continue
        lasted = last - max(filter(None, (since, awake_since)))
        if place in told or lasted >= LASTING:
            yield place, since, one_line(entry["reason"])


def _is_expected(context: TickContext, job: Job, now: datetime) -> bool:
    memory = context.memory(job.id)
    is_paused = memory.pause is not None and memory.pause.covers(now)
    return decide.is_enabled(job, memory) and memory.cancelled is None and not is_paused


def _has_begun(context: TickContext, job: Job) -> bool:
    """Return whether a run of a job has been sent there, and is in progress."""
    return any(
        context.effects.seconds_elsewhere(run, job.id, context.run_context) > 0
        for run in context.memory(job.id).runs.values()
    )
