"""All jobs of a configuration: built-in ones, its own, those of job files, those of packages.

Each file is right by itself; here it turns out what their jobs are to each other.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from scheduled.config import conflicts, job_limits, offers
from scheduled.config.job_files import JobFileScan
from scheduled.config.parsed import Offer, ParsedConfig
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import Stamp


class AllJobs(NamedTuple):
    """The jobs that run, and what is wrong with the others."""

    jobs: tuple[Job, ...]
    offered: tuple[Job, ...]
    """Built-in ones that nobody has asked for."""
    taken: Mapping[str, str]
    """The ids that are in use, also by jobs that are left out, each with its place."""
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    stamps: Mapping[str, Stamp | None] = {}
    """Those of the calendars that they name, taken before they were read."""
    calendars: Any = None
    """The calendars, as a job has them; None if there are none."""


def collect(
    parsed: ParsedConfig,
    own: tuple[tuple[Job, ...], tuple[Job, ...]],
    files: JobFileScan,
    values: Mapping[str, Any],
    origins: Mapping[str, str],
) -> AllJobs:
    """Return the jobs of the configuration with those of job files.

    `own` are the former, without and then with only the built-in ones that nobody has asked for.
    The settings in `values` limit their number; `origins` has where each is set.
    """
    taken = {
        **{handler.name: handler.place for handler in parsed.offer.handlers if handler.reserves_id},
        **parsed.left_out,
        **files.left_out,
        **{job.id: job.source for job in (*parsed.jobs, *files.jobs)},
    }
    configured, offered = own
    wanted = _joined(parsed.offer, configured, files.jobs, files.left_out)
    within, over_limit, nearly = job_limits.apply(wanted, values, origins)
    jobs, stuck = conflicts.startable(within, offered)
    if not values["enabled"]:
        jobs, offered = map(builtin.switched_off, (jobs, offered))
    missing = _missing_jobs(parsed.offer, taken)
    warnings = (*nearly, *_yielding(parsed.offer, wanted))
    return AllJobs(jobs, offered, taken, (*over_limit, *stuck, *missing), warnings)


def _joined(
    offer: Offer, own: tuple[Job, ...], of_files: tuple[Job, ...], left_out: Collection[str]
) -> tuple[Job, ...]:
    """Return the jobs of the configuration and of job files, those of packages last.

    If there are too many jobs, they are the ones left out; and they yield to the jobs of files,
    also to those in `left_out`, which have problems.
    """
    of_packages = offers.unchanged_jobs(offer, own)
    if not of_packages:
        return own + of_files
    taken = {job.id for job in of_files}.union(left_out)
    written = tuple(job for job in own if job not in of_packages) + of_files
    return written + tuple(job for job in of_packages if job.id not in taken)


def _yielding(offer: Offer, jobs: Iterable[Job]) -> Iterator[str]:
    """Yield a warning for each job of a package whose id is that of one of the other jobs."""
    sources = {job.id: job.source for job in jobs}
    for handler in offer.handlers:
        source = sources.get(handler.name, handler.place)
        if handler.package and handler.job is not None and not source.startswith(handler.place):
            yield (
                f"{handler.place}: {handler.name}: the job of the package does not run, for"
                f" {source} defines one of that name; its handler can be used"
            )


def _missing_jobs(offer: Offer, taken: Mapping[str, str]) -> Iterator[str]:
    """Yield a problem for each job that a package brought which is no longer there."""
    for handler in offer.unusable:
        if handler.is_gone and handler.is_job and handler.name not in taken:
            yield (
                f"{handler.name}: the job does not run: its handler {handler.reason};"
                f" or, if it is to be gone: scheduled delete {handler.name}"
            )
