"""How many jobs there may be: `max_jobs` of all your own, `max_cron_tasks` of those that recur."""

from collections.abc import Mapping, Sequence
from typing import Any

from scheduled.config.conflicts import own_jobs
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.quick_classes import NamedTuple

NEARLY = 0.9
"""The share of a limit that is worth a warning."""
_LISTED = 5
"""Jobs beyond the limit that a message names; the rest is counted."""
LIMITS = {"max_jobs": "jobs of your own", "max_cron_tasks": "enabled recurring jobs"}
"""Each key, and what it counts."""


class WithinLimits(NamedTuple):
    """The jobs that the limits allow, and sentences about the others."""

    jobs: tuple[Job, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    """About limits that are nearly reached."""


def apply(
    jobs: tuple[Job, ...], values: Mapping[str, Any], origins: Mapping[str, str]
) -> WithinLimits:
    """Return the jobs within the limits that `values` has; of more, the last are left out."""
    problems, warnings = [], []
    for key, what in LIMITS.items():
        limit, place = values[key], origins[key]
        if limit is None:
            continue
        counted = counted_by(key, jobs)
        excess = {job.id for job in counted[limit:]}
        if excess:
            problems.append(f"{place}: {key}: {_too_many(counted, limit, what)}")
            jobs = tuple(job for job in jobs if job.id not in excess)
        elif len(counted) >= NEARLY * limit:
            warnings.append(f"{place}: {key}: {len(counted)} of {limit} {what} are in use")
    return WithinLimits(jobs, tuple(problems), tuple(warnings))


def refusal(jobs: Sequence[Job], values: Mapping[str, int | None], new: Job | None = None) -> str:
    """Return why there may be no job besides these, a `new` one if it is known; '' if there may."""
    for key, what in LIMITS.items():
        limit = values[key]
        is_counted = new is None or bool(counted_by(key, [new]))
        if limit is not None and is_counted and len(counted_by(key, jobs)) >= limit:
            return f"{key}: {limit} {what} are allowed, and all are in use; raise the limit"
    return ""


def counted_by(key: str, jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that a limit counts."""
    own = own_jobs(jobs)
    if key == "max_jobs":
        return own
    return [job for job in own if job.enabled and schedule_of(job).kind != "once"]


def _too_many(counted: Sequence[Job], limit: int, what: str) -> str:
    excess = counted[limit:]
    names = ", ".join(f"{job.id} ({job.source})" for job in excess[:_LISTED])
    rest = f" and {len(excess) - _LISTED} more" if len(excess) > _LISTED else ""
    do, them = ("do", "them") if len(excess) > 1 else ("does", "it")
    return (
        f"{limit} {what} are allowed, but there are {len(counted)};"
        f" {names}{rest} {do} not run; remove {them}, or raise the limit"
    )
