"""Which built-in jobs are on in a root: it depends on what lies there."""

from collections.abc import Iterable
from pathlib import Path

from scheduled.config import paths
from scheduled.ecosystem.formats import is_project_registry
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.system.files import Stamp, stamp


def own_jobs(
    jobs: Iterable[Job], root: Path, stamps: dict[str, Stamp | None]
) -> tuple[tuple[Job, ...], tuple[Job, ...]]:
    """Return the jobs of the configuration, and the built-in ones that nobody has asked for yet.

    Those of an ecosystem, and those for projects, are on where there is one.
    Where there is none, its signs join the stamps: the next tick has to see when one appears. The
    registry of projects always does: it may stop being one.
    """
    projects = paths.project_registry(root)
    stamps[str(projects)] = stamp(projects)
    has_projects = stamps[str(projects)] is not None and is_project_registry(projects)
    is_ecosystem = paths.is_ecosystem(root)
    if not is_ecosystem:
        stamps |= {str(path): stamp(path) for path in paths.signs_of_ecosystem(root)}
    own = [
        builtin.as_in_root(job, is_ecosystem=is_ecosystem, has_projects=has_projects)
        for job in jobs
    ]
    return builtin.parted(own)
