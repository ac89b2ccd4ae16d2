"""From a name that a person typed to the job."""

import re
from collections.abc import Iterable

from scheduled.config.load import Config
from scheduled.errors import UsageError, did_you_mean
from scheduled.jobs.model import Job
from scheduled.system.text import one_line

TAG = "tag:"
"""What stands before the name of a tag; no id has a colon."""


def is_tag(name: str) -> bool:
    """Return whether a name means all jobs with a tag."""
    return name.startswith(TAG)


def find_job(config: Config, name: str) -> Job:
    """Return the job of that id.

    Raise UsageError with the closest id, and with the reason why jobs may be missing.
    """
    jobs = (*config.jobs, *config.offered)
    for job in jobs:
        if job.id == name:
            return job
    raise UsageError(unknown_job(str(name), [job.id for job in jobs], config.problems))


def find_jobs(config: Config, names: Iterable[str]) -> list[Job]:
    """Return the jobs that ids and `tag:NAME` select, each once, in the order of the names.

    Raise UsageError as `find_job` does.
    """
    found: dict[str, Job] = {}
    for name in names:
        if is_tag(name):
            check_only(config, [name])
            selected = [job for job in config.jobs if name.removeprefix(TAG) in job.tags]
        else:
            selected = [find_job(config, name)]
        found |= {job.id: job for job in selected if job.id not in found}
    return [*found.values()]


def check_only(config: Config, only: Iterable[str]) -> None:
    """Raise UsageError if `only` names an id or `tag:NAME` that no job has."""
    known = {job.id for job in (*config.jobs, *config.offered)}
    known |= {f"tag:{tag}" for job in config.jobs for tag in job.tags}
    for name in only:
        if name not in known:
            raise UsageError(unknown_job(name, sorted(known), config.problems))


def unknown_job(name: str, known: Iterable[str], problems: Iterable[str] = ()) -> str:
    """Return the sentence about an unknown job; `problems` may be why it is missing."""
    problems = list(problems)
    if own := next((problem for problem in problems if _is_about(name, problem)), None):
        return f"{one_line(name, 80)!r} is no job now: {one_line(own)}"
    advice = did_you_mean(name, known, "`scheduled list` has them all")
    sentence = f"no job is called {one_line(name, 80)!r}{advice}"
    if problems:
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        sentence += f"\nThe configuration has {count}, which may be why: {one_line(problems[0])}"
    return sentence


def _is_about(name: str, problem: str) -> bool:
    """Whether a problem is about the job of that name, in `jobs:` or of a package that is gone."""
    job = re.escape(name)
    return re.match(rf"{job}: |\S+:\d+: jobs\.{job}[:.]", problem) is not None
