"""`max_jobs`: how many jobs of their own people may have. The shipped ones do not count."""

from collections.abc import Sequence

from scheduled.jobs import builtin
from scheduled.jobs.model import Job

_NAMED = 5
SHIPPED = frozenset(job.id for job in builtin.JOBS)


def own(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that count, in the order of their sources."""
    return [job for job in jobs if job.id not in SHIPPED]


def beyond(jobs: Sequence[Job], most: int | None) -> list[Job]:
    """The jobs that are too many: those that stand last. None are where `most` is None."""
    return [] if most is None else own(jobs)[most:]


def problem(excess: Sequence[Job], most: int, place: str) -> str:
    """The sentence about all of them; `place` is where the limit stands."""
    named = [f"{job.id} ({job.source})" for job in excess[:_NAMED]]
    rest = len(excess) - len(named)
    told = ", ".join(named) + (f" and {rest} more" if rest else "")
    count = most + len(excess)
    do, them = ("do", "them") if len(excess) > 1 else ("does", "it")
    return (
        f"{place}: max_jobs: {most} jobs of your own are allowed, and there are {count}; "
        f"{told} {do} not run; remove {them}, or raise the limit"
    )
