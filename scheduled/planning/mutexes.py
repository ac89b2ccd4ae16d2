"""Mutexes: jobs that share one never run at the same time (pure).

A mutex belongs to a run: the kernel lock behind it is taken before a run starts, in the order of
the names, and held until the run has ended.
"""

from collections.abc import Iterable, Iterator

from scheduled.jobs.model import Job
from scheduled.state.records import ActiveRun

Run = tuple[str, ActiveRun]
"""A run in progress, and its job."""

GUARD = "mutex"
"""The guard of this name put a run off, on record."""


def excludes(job: Job, others: Iterable[Job]) -> bool:
    """Return whether a run of another job has a mutex that `job` needs.

    A run of the same job is no obstacle here: whether it is one, its `overlap` says.
    """
    needed = frozenset(job.mutex)
    return any(other.id != job.id and not needed.isdisjoint(other.mutex) for other in others)


def holders(name: str, runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs on record that have a mutex: as it was configured when they started."""
    return (each for each in runs if name in each[1].mutexes)


def reason(name: str, jobs: Iterable[str]) -> str:
    """Return why a run waits for the mutex `name`, which the run of one of these jobs has."""
    others = " or ".join(dict.fromkeys(jobs)) or "another tick"
    return f"waits for the mutex {name}, which {others} has"
