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
        return self.taken(job.executor, state) < self.most_of(job.executor)

    def most_of(self, executor: str) -> int:
        """Return how many runs an executor may have at the same time."""
        settings = self.executors.get(executor)
        return int(settings["max_concurrent"]) if settings is not None else 0

    def taken(self, executor: str, state: State) -> int:
        """Return how many runs an executor has, whichever tick started them."""
        return len(records.runs_by_executor(state).get(executor, ()))

    def reason(self, executor: str) -> str:
        """Return why nothing more can start at an executor."""
        count = self.most_of(executor)
        return f"executor {executor} has {count} run{'s' if count > 1 else ''}, as many as it may"
