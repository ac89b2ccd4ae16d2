"""Commands for several jobs: those that ids and `tag:NAME` select, one after the other."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from scheduled.cli.context import complain
from scheduled.errors import UsageError
from scheduled.jobs.model import Job

JOBS = "JOB|tag:TAG"

jobs_argument: Callable[[Any], Any] = click.argument(
    "names", metavar=f"{JOBS}...", nargs=-1, required=True
)
jobs_or_all_argument: Callable[[Any], Any] = click.argument(
    "names", metavar=f"[{JOBS}]...", nargs=-1
)


def for_each(jobs: Sequence[Job], act: Callable[[Job], object]) -> int:
    """Do something with each job; what is refused of one does not stop the others.

    Return 0, or the exit code of a refusal, which is printed. Of a single job it is raised.
    """
    if len(jobs) == 1:
        act(jobs[0])
        return 0
    return max(_codes(jobs, act), default=0)


def _codes(jobs: Iterable[Job], act: Callable[[Job], object]) -> Iterable[int]:
    for job in jobs:
        try:
            act(job)
        except UsageError as error:
            complain(str(error))
            yield error.exit_code
