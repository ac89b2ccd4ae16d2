"""Which jobs cannot run at their executor: it is missing, or a key of theirs needs this machine."""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scheduled.config.all_jobs import AllJobs
from scheduled.errors import did_you_mean, install_extra
from scheduled.handler import loader
from scheduled.jobs.model import Job, Overlap
from scheduled.jobs.permissions import CONFINED

OF_THIS_MACHINE = ("max_cpu_percent", "max_memory_percent", "idle_only", "min_free_disk")
"""Keys that measure this machine, on which the job would not run."""
MISSING = f"needs Dask; {install_extra('dask')}"
NAMED = 5
"""How many of the other jobs that need Dask are named."""


def applied(
    found: AllJobs, executors: Mapping[str, Mapping[str, Any]], said: Sequence[str]
) -> AllJobs:
    """Return the jobs without those whose executor cannot run them, and why not.

    `said` is what is wrong with the configuration, with its executors among other things.
    """
    jobs = (*found.jobs, *found.offered)
    elsewhere = [job for job in jobs if job.executor or job.resources]
    if not elsewhere:
        return found
    problems = {
        job.id: _of_declaration(job, executors, said) or problem(job, executors)
        for job in elsewhere
    }
    wrong = {id_: sentence for id_, sentence in problems.items() if sentence}
    sentences = _sentences([job for job in elsewhere if job.id in wrong], wrong)
    return found._replace(
        jobs=tuple(job for job in found.jobs if job.id not in wrong),
        offered=tuple(job for job in found.offered if job.id not in wrong),
        problems=(*found.problems, *sentences),
    )


def _sentences(jobs: Sequence[Job], wrong: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with each job; what this machine lacks is said once for all of them."""
    lacking = [job.id for job in jobs if wrong[job.id].endswith(MISSING)]
    others = set(lacking[1:])
    for job in jobs:
        if job.id not in others:
            source = job.source.removeprefix("built-in, ")
            rest = _named(lacking[1:]) if job.id in lacking[:1] else ""
            yield f"{source}: {job.id}: executor: {wrong[job.id]}{rest}"


def _named(others: Sequence[str]) -> str:
    """Return the end of a sentence on what one job needs, about others that need the same."""
    if not others:
        return ""
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    need = "needs" if len(others) == 1 else "need"
    return f"; {', '.join(others[:NAMED])}{more} {need} it as well"


def _of_declaration(
    job: Job, executors: Mapping[str, Mapping[str, Any]], said: Sequence[str]
) -> str:
    """Return that the executor of a job is declared, but wrongly; '' otherwise."""
    if not job.executor or job.executor in executors:
        return ""
    starts = (f": executors: {job.executor}: ", f"; {job.executor}: ")
    wrong = [sentence for sentence in said if ": executors: " in sentence]
    if not any(start in sentence for sentence in wrong for start in starts):
        return ""
    return f"{job.executor} cannot be used as `executors` declares it"


def problem(job: Job, executors: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why a job cannot run where its `executor` says; '' if it can."""
    if not job.executor:
        return "resources are for Dask, and it runs on this machine; name an executor of Dask"
    if job.executor not in executors:
        write = "declare it in `executors`"
        return (
            f'no executor is called "{job.executor}"{did_you_mean(job.executor, executors, write)}'
        )
    if job.level in CONFINED:
        return (
            f"what {job.level} jobs may do is held to on this machine alone; remove it, or see"
            " `permissions`"
        )
    return _refused_by_kind(job, executors[job.executor]) or _refused_key(job)


def _refused_by_kind(job: Job, settings: Mapping[str, Any]) -> str:
    if settings["kind"] == "dask" and importlib.util.find_spec("distributed") is None:
        return f"{job.executor} {MISSING}"
    if job.resources and settings["kind"] != "dask":
        return f"resources are for Dask, and {job.executor} is {settings['kind']}; remove them"
    return ""


def _refused_key(job: Job) -> str:
    for key in OF_THIS_MACHINE:
        if getattr(job, key):
            return (
                f"{key} is about this machine, and the job runs on another one; remove one of them"
            )
    if job.handler and (loader.is_builtin(job.handler) or job.handler.startswith("/")):
        what = "a built-in one" if loader.is_builtin(job.handler) else "a file of this machine"
        return f"its handler is {what}; there, one of an installed package can run"
    if job.overlap is Overlap.ALLOW:
        return "`overlap: allow` is for jobs of this machine; remove one of them"
    if job.cwd and not job.cwd.startswith(("/", "~")):
        return f"cwd: {job.cwd}: is relative, and to nothing there; write a path from / or ~"
    return ""
