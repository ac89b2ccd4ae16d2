"""How many runs may go on at the same time: of this machine by tick, elsewhere by executor."""

from collections.abc import Iterable, Mapping
from typing import Any

from scheduled.jobs.model import Job
from scheduled.quick_classes import NamedTuple
from scheduled.state import records
from scheduled.state.document import State


class Places(NamedTuple):
    """The places for runs, and who has them."""

    most: int
    """Of this machine, in one tick."""
    executors: Mapping[str, Mapping[str, Any]]
    """The settings of the others, whose places all ticks share."""

    def is_free(self, job: Job, running: Iterable[Job], state: State) -> bool:
        """Return whether a job may start beside those that this tick runs already."""
        if not job.executor:
            return sum(not other.executor for other in running) < self.most
        return self.taken(job.executor, state) < self.most_of(job.executor)

    def most_of(self, executor: str) -> int:
        """Return how many runs an executor may have at the same time."""
        settings = self.executors.get(executor)
        return int(settings["max_concurrent"]) if settings is not None else 0

    def taken(self, executor: str, state: State) -> int:
        """Return how many runs an executor has, whoever started them."""
        return len(records.runs_by_executor(state).get(executor, ()))

    def reason(self, executor: str) -> str:
        """Return why nothing more can start there."""
        count = self.most_of(executor)
        return f"executor {executor} has {count} run{'s' if count > 1 else ''}, as many as it may"
