"""How many runs may go on at the same time: a limit for each tick here, and for each executor.

And how often a tick tries an executor that takes none.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from scheduled.jobs.model import AttemptResult, Job
from scheduled.quick_classes import NamedTuple
from scheduled.state import records
from scheduled.state.document import State


class Places(NamedTuple):
    """The limits, and whether another run may start."""

    most: int
    """How many runs of this tick may go on here."""
    executors: Mapping[str, Mapping[str, Any]]
    """The settings of the executors; a limit of these holds for all ticks together."""

    def is_free(self, job: Job, running: Iterable[Job], state: State) -> bool:
        """Return whether a job may start beside those that are `running` in this tick."""
        if not job.executor:
            return sum(not other.executor for other in running) < self.most
        return not lack(job, self.executors, state)


class FailedStarts:
    """How often in a row no run could be started at a place in this tick.

    Each of these may wait for a whole connect_timeout: after as many as the executor may have runs,
    the others are left to the next tick.
    """

    def __init__(self, executors: Mapping[str, Mapping[str, Any]]) -> None:
        self._executors = executors
        self._counts: dict[str, int] = {}

    def note(self, job: Job, result: AttemptResult) -> None:
        """Note how a run of a job ended."""
        if result.is_unreached:
            self._counts[job.place] = self._counts.get(job.place, 0) + 1
        elif job.executor and not result.is_unstarted:
            self._counts.pop(job.place, None)

    def are_enough(self, job: Job) -> bool:
        """Return whether no further run is tried at the place of a job."""
        most = int(self._executors.get(job.executor, {}).get("max_concurrent", 1))
        return self._counts.get(job.place, 0) >= most


def lack(job: Job, executors: Mapping[str, Mapping[str, Any]], state: State) -> str:
    """Return why no run of a job may start at its executor, by any tick; '' if one may.

    A job that runs already lacks no place: its `overlap` says what becomes of the slot.
    """
    settings = executors.get(job.executor)
    most = int(settings["max_concurrent"]) if settings is not None else 0
    if len(records.runs_by_executor(state).get(job.executor, ())) < most or _runs(job, state):
        return ""
    return f"executor {job.executor} has {most} run{'s' if most > 1 else ''}, as many as it may"


def running_first(jobs: Iterable[Job], state: State) -> list[Job]:
    """Return jobs in their order, first those with an executor that run already.

    What becomes of their slots must not wait until others have left their executor.
    """
    return sorted(jobs, key=lambda job: not (job.executor and _runs(job, state)))


def _runs(job: Job, state: State) -> bool:
    entry = state["jobs"].get(job.id)
    return entry is not None and bool(entry.get("open") or entry.get("beside"))
