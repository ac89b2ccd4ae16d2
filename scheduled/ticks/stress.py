"""Degraded mode: while the machine is under stress, jobs of priority low run every second time.

It is under stress while the processors or the memory have kept some job waiting for ten minutes:
nothing else is measured, so nothing changes where no job has such a guard.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.decision import Decision, Verdict
from scheduled.quick_classes import NamedTuple
from scheduled.runs.preconditions import GuardUnusableError, NotNow
from scheduled.state import records
from scheduled.state.job_entry import LOAD_GUARDS
from scheduled.state.records import JobMemory
from scheduled.ticks.context import TickContext
from scheduled.timing.instants import minute_utc, parse_utc
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT

GUARD = "stress"
"""What `stats` and the journal call it."""
LASTING = timedelta(minutes=10)
"""A shorter wait is a peak, as every job that does something makes."""
FRESH_SECONDS = 5.0
"""How long a reading counts, for ticks with many such jobs."""


class _Reading(NamedTuple):
    jobs: Mapping[str, Job]
    read_at: float
    """On the monotonic clock."""
    reason: str


_newest: list[_Reading] = []


def not_now(tick: TickContext, memory: JobMemory, decision: Decision) -> NotNow | None:
    """Return why a due slot of a job of priority low has to wait; None if it may start.

    It waits for the next slot if the one before it was run. A deferral, a retry and what runs once
    is no matter of frequency, and of `catch_up: all` each slot counts.
    """
    if decision.attempt > 1 or memory.deferral is not None:
        return None
    if decision.job.catch_up is CatchUp.ALL or not _ran_before(tick, memory, decision):
        return None
    reason = _stress(tick)
    return (
        NotNow(GUARD, f"{reason}; with priority low it runs every second time") if reason else None
    )


def _ran_before(tick: TickContext, memory: JobMemory, decision: Decision) -> bool:
    """Return whether the slot before the one decided about has had a run."""
    job, slot = decision.job, decision.slot
    schedule = schedule_of(job)
    entry = tick.store.state["jobs"].get(job.id, {})
    last = entry.get("ran") or entry.get("last") or {}
    ran = parse_utc(last.get("slot")) if last.get("run_id") else None
    if slot is None or ran is None or schedule.kind not in ("cron", "interval"):
        return False
    anchor = memory.anchor if is_anchored(schedule) else None
    before = tick.slots.latest(schedule, slot - INSTANT, anchor)
    return before is not None and before <= ran < slot


def _stress(tick: TickContext) -> str:
    """Return what the machine is short of, and since when; '' if it is not under stress."""
    now = time.monotonic()
    if not _newest or _newest[0].jobs is not tick.jobs or now - _newest[0].read_at > FRESH_SECONDS:
        found = (_held_back(tick, job) for job in tick.jobs.values())
        _newest[:] = [_Reading(tick.jobs, now, next(filter(None, found), ""))]
    return _newest[0].reason


def _held_back(tick: TickContext, job: Job) -> str:
    """Return since when a guard of the load keeps a job waiting, if that is long enough."""
    if job.max_cpu_percent is None and job.max_memory_percent is None:
        return ""
    since = _since(tick, job.id)
    if since is None or tick.clock() - since < LASTING:
        return ""
    if tick.decide(job).verdict is not Verdict.RUN:
        return ""  # somebody has disabled it meanwhile, or its slot is too late
    try:
        held = tick.effects.check_guards(job, tick.run_context.root)
    except GuardUnusableError:
        return ""
    if held is None or held.guard not in LOAD_GUARDS:
        return ""
    return f"the machine is under stress: {held.guard} of {job.id} since {minute_utc(since)}"


def _since(tick: TickContext, job: str) -> datetime | None:
    """Return from when on it has been kept waiting; without ticks nobody knows what was."""
    state = tick.store.state
    entry = state["jobs"].get(job, {})
    since = parse_utc((entry.get("deferred") or {}).get("since"))
    if since is None or entry.get("open"):
        return None
    gap = records.end_of_last_gap(state)
    begin = max(since, gap) if gap is not None else since
    return begin.replace(second=0, microsecond=0)  # ticks come once a minute, more or less
