"""Runs whose tick died: left alone while they live and have time, else ended as interrupted."""

import signal
from datetime import datetime, timedelta

from scheduled.planning import active_runs, resolve
from scheduled.runs import stop
from scheduled.state import events, records
from scheduled.state.records import ActiveRun
from scheduled.system import processes
from scheduled.ticks.context import TickContext


def recover_all(tick: TickContext) -> None:
    """Recover every run on record that no living tick holds the lock of."""
    for job_id, lane in records.active_runs(tick.store.state):
        lock = tick.effects.acquire_lock(tick.store.state_dir, job_id, lane)
        if lock is None:
            continue  # another tick runs it
        try:
            tick.store.refresh()
            run = tick.memory(job_id).runs.get(lane)
            if run is not None:
                recover(tick, job_id, run)
        finally:
            lock.release()


def recover(tick: TickContext, job_id: str, run: ActiveRun) -> int:
    """Return the process of a run that outlived its tick, or record the run as interrupted.

    Returns 0 once that is recorded. A process whose time is up is killed first. The caller holds
    the lock of the run's lane.
    """
    job = tick.jobs.get(job_id)
    pid = tick.effects.find_survivor(run)
    if pid and tick.slots.now < _time_limit(run):
        tick.effects.watch_output(job_id, run.run_id, job, tick.run_context)
        return pid
    if pid:
        processes.signal_family(pid, run.run_id, signal.SIGKILL)
    trouble = tick.effects.finish_output(job_id, run.run_id, job, tick.run_context)
    with tick.store.locked():
        memory = tick.memory(job_id)
        run = memory.run(run.run_id) or run
        answered = (
            resolve.gives_up(job, memory.interruptions)
            or run.stop is not None
            or active_runs.is_superseded(memory, run.slot)
        )
        tick.write_end(events.run_interrupted(job_id, run, answered=answered), trouble)
    tick.warn(f"{job_id}: run {run.run_id} was interrupted: its tick died")
    return 0


def _time_limit(run: ActiveRun) -> datetime:
    """Return until when a run whose tick died is left alone."""
    if run.stop is not None:
        return run.stop.at + stop.GRACE
    return run.started_at + timedelta(seconds=run.deadline_seconds)
