"""Which of the jobs that a tick has queued starts next."""

from collections.abc import Callable, Iterable

from scheduled.jobs.model import Job


def pop_startable(
    queue: list[Job],
    in_progress: list[Job],
    soon: list[Job],
    may_start: Callable[[Job], bool],
    executors: int,
) -> Job | None:
    """Remove and return the first job in the queue that may start now; None if none may.

    A job waits for others that have to end before it (those that are tried again `soon` among
    them), for its mutex, and for a place: here, or at its executor, of which there are `executors`.
    """
    full: set[str] = set()
    for index, job in enumerate(queue):
        if job.executor in full:
            continue
        if not may_start(job):
            full.add(job.executor)
            if len(full) > executors:
                return None
            continue
        if (job.waits_for or job.after) and _waits(job, (*queue, *in_progress, *soon)):
            continue
        if job.mutex and _is_excluded(job, in_progress):
            continue
        return queue.pop(index)
    return None


def _is_excluded(job: Job, in_progress: list[Job]) -> bool:
    from scheduled.planning import mutexes

    return mutexes.excludes(job, in_progress)


def _waits(job: Job, others: Iterable[Job]) -> bool:
    awaited = (*job.waits_for, *job.after)
    return any(other.id in awaited for other in others)
