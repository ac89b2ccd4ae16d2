"""From a name somebody typed to the job that is meant."""

from collections.abc import Iterable

from scheduled.config.load import Config
from scheduled.errors import UsageError, did_you_mean
from scheduled.jobs.model import Job
from scheduled.system.text import one_line


def find_job(config: Config, name: str) -> Job:
    """The job of that id. Raises UsageError with the nearest id, and with why jobs are missing."""
    for job in config.jobs:
        if job.id == name:
            return job
    raise UsageError(unknown_job(name, [job.id for job in config.jobs], config.problems))


def check_only(config: Config, only: Iterable[str]) -> None:
    """Raise UsageError if one of the ids and `tag:NAME`s in `only` is that of no job."""
    known = {job.id for job in config.jobs}
    known |= {f"tag:{tag}" for job in config.jobs for tag in job.tags}
    for name in only:
        if name not in known:
            raise UsageError(unknown_job(name, sorted(known), config.problems))


def unknown_job(name: str, known: Iterable[str], problems: Iterable[str] = ()) -> str:
    """The sentence about a job nobody has; `problems` may be the reason why it is not there."""
    advice = did_you_mean(name, known, "`scheduled list` has them all")
    sentence = f"no job is called {one_line(name, 80)!r}{advice}"
    faults = list(problems)
    if faults:
        sentence += f"\nThe configuration has {len(faults)} problems, which may be why: "
        sentence += one_line(faults[0])
    return sentence
