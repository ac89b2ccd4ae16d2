"""Runs that were in progress on the host that owned the state before.

This machine cannot see what became of them: process ids mean other processes here, and locks are
seen only if the directory is shared. How a run ended is known if its own processes wrote that
beside its output. Otherwise the end is unknown, and `on_interrupted` decides, as for a run whose
tick died.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from scheduled.errors import StateError, UsageError
from scheduled.jobs.model import Job
from scheduled.planning import resolve
from scheduled.quick_classes import NamedTuple, replace
from scheduled.runs import exit_file
from scheduled.runs.ending import Ending
from scheduled.runs.run_context import output_path
from scheduled.state import events, history, records
from scheduled.state.history import Row
from scheduled.state.records import ActiveRun
from scheduled.system import locks
from scheduled.ticks import recovery
from scheduled.ticks.context import TickContext

if TYPE_CHECKING:
    from scheduled.state.journal import Event

ROUNDS = 5
"""How often runs that the other host starts meanwhile are settled, before it is refused."""


class Settled(NamedTuple):
    """A run of the other host whose end is on record now."""

    row: Row
    is_locked: bool
    """Whether its lock is held: then it most likely still runs there."""


def adopt(tick: TickContext, host: str, owner: "Event") -> list[Settled]:
    """Record the end of every run of `host`, then `owner`; return the runs.

    If this is killed in between, the state still belongs to that host, and can be adopted again.
    Raises UsageError if the other host goes on starting runs, LockedError or StateError.
    """
    settled: list[Settled] = []
    for _ in range(ROUNDS):
        settled += _settle_all(tick, f"unknown on {host}")
        with tick.store.locked():
            if not records.active_runs(tick.store.state):
                tick.store.write(tick.clock(), owner)
                return settled
    raise UsageError(
        f"{tick.store.state_dir}: {host} starts runs meanwhile; stop its ticks, then adopt it"
    )


def refuse_living(tick: TickContext) -> None:
    """Raise UsageError while the command of a run may live on at an executor."""
    for job_id, lane in records.active_runs(tick.store.state):
        run = tick.memory(job_id).runs[lane]
        left = _seconds_elsewhere(tick, job_id, run) if run.executor else 0.0
        if left > 0:
            raise UsageError(
                f"{tick.store.state_dir}: {job_id} may still run on {run.executor}, for {left:.0f}"
                " s after its host has died; nothing was changed. Adopt the state after that"
            )


def _seconds_elsewhere(tick: TickContext, job_id: str, run: ActiveRun) -> float:
    """Return for how long a run may live on, by the date of its lease file.

    The lease itself has a time of the other host's CLOCK_BOOTTIME, which means nothing here. A file
    that is dated into the future counts from when it came here.
    """
    from scheduled.runs.executors import lease

    output = output_path(tick.run_context, job_id, run.run_id)
    path = lease.path_of(output)
    found = lease.read(path)
    if found is None or exit_file.read(output.with_suffix(exit_file.SUFFIX)) is not None:
        return 0.0
    now = tick.clock().timestamp()
    try:
        status = path.stat()
    except OSError:
        return 0.0
    age = now - (status.st_mtime if status.st_mtime <= now else status.st_ctime)
    return min(max(found.seconds - age, 0.0), found.seconds)


def _settle_all(tick: TickContext, why: str) -> list[Settled]:
    found = []
    for job_id, lane in records.active_runs(tick.store.state):
        tick.store.refresh()  # that host may have recorded the end meanwhile
        run = tick.memory(job_id).runs.get(lane)
        if run is None:
            continue
        is_locked = _is_locked(tick, job_id, lane)
        row = _settle(tick, job_id, run, why)
        tick.effects.forget(job_id, run.run_id, tick.run_context)
        if row is not None:
            found.append(Settled(row, is_locked))
    return found


def _is_locked(tick: TickContext, job_id: str, lane: int) -> bool:
    try:
        lock = locks.take_job(tick.store.state_dir, job_id, lane)
    except StateError:
        return False
    if lock is None:
        return True
    lock.release()
    return False


def _settle(tick: TickContext, job_id: str, run: ActiveRun, why: str) -> Row | None:
    """Record how a run ended, by what it left behind; return its row."""
    job = tick.jobs.get(job_id)
    known = job or Job(job_id, schedule="", timezone="UTC")
    is_late = tick.slots.now >= run.started_at + timedelta(seconds=run.deadline_seconds)
    ending = Ending(run, job_id, known, is_overdue=False, is_late=is_late, is_gone=True)
    result = tick.effects.recovered(ending, tick.run_context)
    if result is not None:
        return recovery.record_end(tick, ending, result)
    return _record_unknown(tick, job_id, run, job, why)


def _record_unknown(
    tick: TickContext, job_id: str, run: ActiveRun, job: Job | None, why: str
) -> Row | None:
    trouble = tick.effects.finish_output(job_id, run.run_id, job, tick.run_context)
    with tick.store.locked():
        memory = tick.memory(job_id)
        current = memory.run(run.run_id)
        if current is None:
            return None
        result = replace(resolve.TICK_DIED, reason=why, error=why)
        if current.stop is not None:
            result = resolve.as_stopped(result, current.stop.reason)
        resolution = resolve.resolve(job, current, result, memory, tick.slots.now)
        event = events.run_interrupted(job_id, current, resolution, why)
        called_off = resolve.replaced_retry(memory, event, job)
        row = history.row_of(event)
        if job is not None and row is not None:
            tick.pings.ended(job, row)
        tick.write_end(event, trouble, *called_off)
    tick.tell_called_off(called_off)
    return row
