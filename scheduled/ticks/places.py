"""How many runs may go on at the same time: a limit for each tick here, and for each executor."""

from collections.abc import Iterable, Mapping
from typing import Any

from scheduled.jobs.model import Job
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
        return not lack(job.executor, self.executors, state)


def lack(executor: str, executors: Mapping[str, Mapping[str, Any]], state: State) -> str:
    """Return why no further run may start at an executor, by any tick; '' if one may."""
    settings = executors.get(executor)
    most = int(settings["max_concurrent"]) if settings is not None else 0
    if len(records.runs_by_executor(state).get(executor, ())) < most:
        return ""
    return f"executor {executor} has {most} run{'s' if most > 1 else ''}, as many as it may"
