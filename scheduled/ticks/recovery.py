"""Runs whose tick died: how they ended, as their keepers wrote it; else left alone while they live.

A run's keeper holds the lock of its lane until it has written how the run ended. So where the
lock is held the run goes on, in a tick or without one, and where it is free the end is on disk. A
run without either was interrupted: its keeper was killed as well, or the machine stopped.
"""

import signal
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scheduled.errors import UnusableLockError
from scheduled.jobs.model import Attempt, AttemptResult, Job
from scheduled.planning import resolve
from scheduled.runs import stop, supervisor
from scheduled.runs.ending import Ending
from scheduled.state import events, history, records
from scheduled.state.history import Row
from scheduled.state.records import ActiveRun
from scheduled.state.resolution import Resolution
from scheduled.system.locks import Lock
from scheduled.ticks import outbox, run_end
from scheduled.ticks.context import TickContext

if TYPE_CHECKING:
    from scheduled.state.event_types import RunEnded

PATIENCE_SECONDS = 10.0
"""How long to wait for the keeper of a run that was killed."""
POLL_SECONDS = 0.01
ELSEWHERE = -1
"""In the place of the process of a run that may live on elsewhere."""


def recover_all(tick: TickContext) -> None:
    """Recover every run on record that nobody holds the lock of."""
    for job_id, lane in records.active_runs(tick.store.state):
        try:
            lock = tick.effects.acquire_lock(tick.store.state_dir, job_id, lane)
        except UnusableLockError as error:
            tick.warn_of_lock(str(error))
            continue
        is_overdue = False
        if lock is None:
            lock = _end_overdue(tick, job_id, lane)
            is_overdue = True
        if lock is None:
            _watch_orphan(tick, job_id, lane)
            continue
        try:
            tick.store.refresh()
            run = tick.memory(job_id).runs.get(lane)
            if run is not None:
                recover(tick, job_id, run, is_overdue=is_overdue)
        finally:
            lock.release()


def recover(tick: TickContext, job_id: str, run: ActiveRun, *, is_overdue: bool = False) -> int:
    """Record how a run ended whose tick died, or return its process if it lives on.

    Returns 0 once the end is recorded. A process whose time is up is killed first. The caller
    holds the lock of the run's lane.
    """
    job = tick.jobs.get(job_id)
    is_late = run.stop is None and tick.slots.now >= _time_limit(run)
    ending = Ending(
        run, job_id, job or Job(job_id, schedule="", timezone="UTC"), is_overdue, is_late
    )
    result = tick.effects.recovered(ending, tick.run_context)
    if result is None:
        pid = tick.effects.find_survivor(run)
        if pid and tick.slots.now < _time_limit(run):
            tick.effects.watch_output(job_id, run.run_id, job, tick.run_context)
            return pid
        if pid:
            supervisor.signal_run(run, signal.SIGKILL)
        # Its keeper may have written the end since, or a handler all but its exit code.
        result = tick.effects.recovered(ending._replace(is_gone=True), tick.run_context)
    if result is None and tick.effects.seconds_elsewhere(run, job_id, tick.run_context) > 0:
        return ELSEWHERE
    if result is None:
        _record_interruption(tick, job_id, run, job)
    else:
        record_end(tick, ending, result)
    tick.effects.forget(job_id, run.run_id, tick.run_context)
    return 0


def orphan(tick: TickContext, job_id: str, lane: int) -> int:
    """Return the process of a run that goes on though its tick died; 0 if there is none."""
    run = tick.memory(job_id).runs.get(lane)
    return tick.effects.find_orphan(run) if run is not None else 0


def outlived(pid: int, run: ActiveRun | None) -> str:
    """Return why a slot waits for a run whose tick does not wait for it any more."""
    if pid == ELSEWHERE and run is not None:
        return f"the connection to {run.executor} is lost: it may still run there for a moment"
    if run is not None and (run.given or {}).get("detached"):
        return f"still running as process {pid}, which was started by hand"
    return f"still running as process {pid}, though the tick that started it died"


def _watch_orphan(tick: TickContext, job_id: str, lane: int) -> None:
    """Keep the output of a run that outlived its tick within its limit."""
    run = tick.memory(job_id).runs.get(lane)
    if run is not None and tick.effects.find_orphan(run):
        job = tick.jobs.get(job_id)
        tick.effects.watch_output(job_id, run.run_id, job, tick.run_context)


def _end_overdue(tick: TickContext, job_id: str, lane: int) -> Lock | None:
    """Kill a run whose time is up and whose tick died; return the lock that its keeper held."""
    run = tick.memory(job_id).runs.get(lane)
    if run is None or tick.slots.now < _time_limit(run) or not tick.effects.stop_overdue(run):
        return None
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        lock = tick.effects.acquire_lock(tick.store.state_dir, job_id, lane)
        if lock is not None:
            return lock
        time.sleep(POLL_SECONDS)
    return None


def record_end(tick: TickContext, ending: Ending, result: AttemptResult) -> Row:
    """Record the end that the run's own processes left, with its messages; return its row."""
    run, job = ending.run, ending.job
    attempt = Attempt(
        run.run_id,
        job,
        run.slot,
        run.attempt,
        run.catch_up,
        run.missed,
        interruptions=run.interruptions,
        given=run.given or {},
    )
    finished = min(run.started_at + result.duration, max(tick.clock(), run.started_at))
    now = tick.clock()
    outgoing = outbox.messages(result.events, tick.routes, run.run_id, now, tick.channels)
    row = run_end.record(tick, attempt, result, (run.started_at, finished), outgoing)
    tick.report_end(row, result)
    return row


def _record_interruption(tick: TickContext, job_id: str, run: ActiveRun, job: Job | None) -> None:
    trouble = tick.effects.finish_output(job_id, run.run_id, job, tick.run_context)
    with tick.store.locked():
        memory = tick.memory(job_id)
        run = memory.run(run.run_id) or run
        result = resolve.TICK_DIED
        if run.stop is not None:
            result = resolve.as_stopped(result, run.stop.reason)
        resolution = resolve.resolve(job, run, result, memory, tick.slots.now)
        event = events.run_interrupted(job_id, run, resolution)
        called_off = resolve.replaced_retry(memory, event, job)
        if job is not None and (row := history.row_of(event)) is not None:
            tick.pings.ended(job, row)
        tick.write_end(event, trouble, *called_off)
    tick.tell_called_off(called_off)
    _tell(tick, event, resolution)


def _tell(tick: TickContext, event: "RunEnded", resolution: Resolution) -> None:
    """Tell of a run that was interrupted: as of a failure if its slot has failed for good."""
    row = history.row_of(event)
    if resolution.told and row is not None:
        tick.tell(row)
    else:
        tick.warn(f"{event['job']}: run {event['run_id']} was interrupted: its tick died")


def _time_limit(run: ActiveRun) -> datetime:
    """Return until when a run whose tick died is left alone."""
    if run.stop is not None:
        return run.stop.at + stop.GRACE
    return run.started_at + timedelta(seconds=run.deadline_seconds)
