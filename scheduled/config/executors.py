"""Which jobs cannot run at their executor: it is missing, or a key of theirs needs this machine."""

import importlib.util
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from scheduled.config.all_jobs import AllJobs
from scheduled.errors import did_you_mean, install_extra
from scheduled.handler import loader
from scheduled.jobs.model import Job, Overlap
from scheduled.jobs.permissions import CONFINED
from scheduled.quick_classes import NamedTuple

OF_THIS_MACHINE = ("max_cpu_percent", "max_memory_percent", "idle_only", "min_free_disk")
"""Keys that measure this machine, on which the job would not run."""
DECLARED_WRONGLY = "cannot be used as `executors` declares it"
MISSING = f"needs Dask; {install_extra('dask')}"
NAMED = 5
"""How many of the other jobs that need Dask are named."""


class Refusal(NamedTuple):
    """Why a job cannot run where its `executor` says."""

    reason: str
    is_of_machine: bool = False
    """Whether this machine lacks something, which other jobs may need as well."""


def applied(
    found: AllJobs, executors: Mapping[str, Mapping[str, Any]], wrong: Collection[str]
) -> AllJobs:
    """Return the jobs without those whose executor cannot run them, and why not.

    `wrong` are the names of executors that are declared, but wrongly.
    """
    jobs = (*found.jobs, *found.offered)
    elsewhere = [job for job in jobs if job.executor or job.resources]
    if not elsewhere:
        return found
    answers = {job.id: refusal(job, executors, wrong) for job in elsewhere}
    refusals = {id_: answer for id_, answer in answers.items() if answer is not None}
    sentences = _sentences([job for job in elsewhere if job.id in refusals], refusals)
    return found._replace(
        jobs=tuple(job for job in found.jobs if job.id not in refusals),
        offered=tuple(job for job in found.offered if job.id not in refusals),
        problems=(*found.problems, *sentences),
    )


def _sentences(jobs: Sequence[Job], refusals: Mapping[str, Refusal]) -> Iterator[str]:
    """Yield what is wrong with each job; what this machine lacks is said once for all of them."""
    lacking = [job.id for job in jobs if refusals[job.id].is_of_machine]
    others = set(lacking[1:])
    for job in jobs:
        if job.id not in others:
            source = job.source.removeprefix("built-in, ")
            rest = _named(lacking[1:]) if job.id in lacking[:1] else ""
            yield f"{source}: {job.id}: executor: {refusals[job.id].reason}{rest}"


def _named(others: Sequence[str]) -> str:
    """Return the end of a sentence on what one job needs, about others that need the same."""
    if not others:
        return ""
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    need = "needs" if len(others) == 1 else "need"
    return f"; {', '.join(others[:NAMED])}{more} {need} it as well"


def refusal(
    job: Job, executors: Mapping[str, Mapping[str, Any]], wrong: Collection[str] = ()
) -> Refusal | None:
    """Return why a job cannot run where its `executor` says; None if it can.

    `wrong` are the names of executors that are declared, but wrongly.
    """
    if not job.executor:
        return Refusal(
            "resources are for Dask, and it runs on this machine; name an executor of Dask"
        )
    if job.executor not in executors:
        return Refusal(_missing(job.executor, executors, wrong))
    if job.level in CONFINED:
        return Refusal(
            f"what {job.level} jobs may do is held to on this machine alone; remove it, or see"
            " `permissions`"
        )
    if of_kind := _refused_by_kind(job, executors[job.executor]):
        return of_kind
    reason = _refused_key(job)
    return Refusal(reason) if reason else None


def _missing(name: str, executors: Collection[str], wrong: Collection[str]) -> str:
    return unknown(name, executors, wrong) or f"{name} {DECLARED_WRONGLY}"


def unknown(name: str, executors: Collection[str], wrong: Collection[str]) -> str:
    """Return that no executor has this name; '' if one has, be it declared wrongly."""
    if name in executors or name in wrong:
        return ""
    advice = did_you_mean(name, [*executors, *wrong], "declare it in `executors`")
    return f'no executor is called "{name}"{advice}'


def _refused_by_kind(job: Job, settings: Mapping[str, Any]) -> Refusal | None:
    if settings["kind"] == "dask" and importlib.util.find_spec("distributed") is None:
        return Refusal(f"{job.executor} {MISSING}", is_of_machine=True)
    if job.resources and settings["kind"] != "dask":
        return Refusal(
            f"resources are for Dask, and {job.executor} is {settings['kind']}; remove them"
        )
    return None


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
