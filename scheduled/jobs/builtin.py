"""The built-in jobs: which there are, and which of them are on.

Those of an ecosystem run without a configuration where there is one, those for projects where there
is a registry of projects. The others are off until
somebody enables them, or the configuration mentions them: nobody asked for them by installing this.
"""

from collections.abc import Iterable
from typing import Any

from scheduled.jobs import (
    agency_jobs,
    ecosystem_jobs,
    maintenance_jobs,
    project_jobs,
    security_jobs,
)
from scheduled.jobs.model import FirstRun, Job
from scheduled.jobs.permissions import Permissions, level_of_builtin
from scheduled.quick_classes import replace

TIMEOUT = ecosystem_jobs.TIMEOUT
JOBS: tuple[Job, ...] = (
    *ecosystem_jobs.JOBS,
    *project_jobs.JOBS,
    *maintenance_jobs.JOBS,
    *security_jobs.JOBS,
    *agency_jobs.JOBS,
)
BINDABLE = frozenset(job.id for job in agency_jobs.JOBS) | maintenance_jobs.BINDABLE
"""The jobs to which a command or another handler may be bound: it knows the work that is meant."""
OF_ECOSYSTEM = frozenset(job.id for job in ecosystem_jobs.JOBS)
OF_PROJECTS = frozenset(job.id for job in project_jobs.JOBS)

BUILT_IN = "built-in"
"""The source of a built-in job that the configuration does not mention."""
INACTIVE = "built-in, off: no ecosystem in the root"
ON_REQUEST = "built-in, off until it is enabled or configured"


def as_in_root(job: Job, *, is_ecosystem: bool, has_projects: bool = False) -> Job:
    """Return a job as it is in such a root: disabled, if it is built-in and nobody wants it there.

    A job that the configuration mentions is not changed. One that a registry of projects switches
    on runs at the first tick that knows it, as those of an ecosystem do.
    """
    if job.source != BUILT_IN:
        return job
    if job.id in OF_PROJECTS and has_projects:
        return replace(job, first_run=FirstRun.NOW)
    if job.id not in OF_ECOSYSTEM:
        return replace(job, enabled=False, source=ON_REQUEST)
    return job if is_ecosystem else replace(job, enabled=False, source=INACTIVE)


def parted(jobs: Iterable[Job]) -> tuple[tuple[Job, ...], tuple[Job, ...]]:
    """Return the jobs that somebody wants, and the others, which are offered."""
    known = tuple(jobs)
    offered = tuple(job for job in known if job.source == ON_REQUEST)
    return tuple(job for job in known if job.source != ON_REQUEST), offered


def switched_off(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Return jobs as they are where the configuration switches all of them off."""
    return tuple(replace(job, enabled=False, is_switched_off=True) for job in jobs)


def jobs(
    timezone: str,
    timeout: float = TIMEOUT,
    *,
    zone_is_local: bool = False,
    permissions: Permissions | None = None,
) -> tuple[Job, ...]:
    """Return the built-in jobs as they are without any configuration but these permissions."""
    values: dict[str, Any] = {
        "timezone": timezone,
        "zone_is_local": zone_is_local,
        "timeout": timeout,
    }
    return tuple(
        replace(job, level=level_of_builtin(job.id, permissions), **values) for job in JOBS
    )
