"""Which jobs run now, whether or not the tick that started them lives."""

from collections.abc import Iterator
from pathlib import Path

from scheduled.errors import StateError
from scheduled.state import records
from scheduled.state.document import State
from scheduled.state.records import ActiveRun
from scheduled.system import locks


def is_running(state: State, state_dir: Path, job: str) -> bool:
    """Return whether a job runs now: in a tick that holds its lock, or having outlived its tick.

    A lock that cannot be read counts as held.
    """
    runs = records.job_memory(state, job).runs.values()
    # Try the lock only if a run is recorded: that takes it for an instant, in which a tick could
    # not have it for a job that is due.
    if not runs:
        return False
    try:
        is_locked = locks.is_running(state_dir, job)
    except StateError:
        return True  # another user's state: only its owner could find out more
    return is_locked or any(_goes_on(run, state_dir, job) for run in runs)


def running_jobs(state: State, state_dir: Path) -> Iterator[str]:
    """Yield the jobs that run now."""
    for job in {job for job, _ in records.active_runs(state)}:
        if is_running(state, state_dir, job):
            yield job


def _goes_on(run: ActiveRun, state_dir: Path, job: str) -> bool:
    """Return whether a run goes on without its tick: here, or maybe elsewhere."""
    if _outlived_its_tick(run):
        return True
    if not run.executor:
        return False
    from scheduled.runs.executors import ending_elsewhere
    from scheduled.runs.run_context import output_in

    return ending_elsewhere.seconds_left(output_in(state_dir, job, run.run_id)) > 0


def _outlived_its_tick(run: ActiveRun) -> bool:
    from scheduled.runs import supervisor  # rarely needed, and slow to import

    return supervisor.find_survivor(run) > 0
