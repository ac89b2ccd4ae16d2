"""Which jobs run right now, whether or not their tick lives."""

from collections.abc import Iterator
from pathlib import Path

from scheduled.errors import StateError
from scheduled.state import records
from scheduled.state.records import ActiveRun, State
from scheduled.system import locks


def is_running(state: State, state_dir: Path, job: str) -> bool:
    """Whether a job runs now: its run has begun, and a tick holds its lock or it outlived one.

    A lock that may not be asked is taken to be held.
    """
    runs = records.job_memory(state, job).runs.values()
    # Only where a run has begun is the lock tried. It is held for a blink then, which must not
    # come between a tick and a job that is due.
    if not runs:
        return False
    try:
        held = locks.is_running(state_dir, job)
    except StateError:
        return True  # another user's: only the owner could find out more
    return held or any(map(_lives_on, runs))


def _lives_on(opened: ActiveRun) -> bool:
    from scheduled.runs import supervisor  # seldom needed, and it knows all about processes

    return supervisor.survivor(opened) > 0


def _running(state: State, state_dir: Path) -> Iterator[str]:
    for job in {job for job, _ in records.active_runs(state)}:
        if is_running(state, state_dir, job):
            yield job
