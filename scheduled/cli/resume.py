"""`scheduled resume`: end a pause or a deferral."""

from collections.abc import Sequence

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import for_each, jobs_or_all_argument
from scheduled.config.lookup import find_jobs
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.planning import pausing
from scheduled.state.records import ALL_JOBS, job_memory, pauses


@command()
@jobs_or_all_argument
@click.pass_obj
@changes_state
def resume(session: Session, names: tuple[str, ...]) -> int:
    """End the pause of JOB, or the pause of all jobs. Skipped runs are not caught up.

    If JOB is deferred, end the deferral; a run that was scheduled meanwhile is due.
    """
    if not names:
        _resume(session, ALL_JOBS)
        return 0
    jobs = [job for job in find_jobs(session.config, names) if _is_meant(session, job, names)]
    if not jobs:
        raise UsageError(f"no job with {', '.join(names)} is paused or deferred")
    return for_each(jobs, lambda job: _resume(session, job.id))


def _is_meant(session: Session, job: Job, names: Sequence[str]) -> bool:
    """Whether a job is named, or waits for this: a tag means those that are paused."""
    state = session.store.state
    pause = pauses(state).get(job.id)
    is_paused = pause is not None and pause.covers(session.now)
    return job.id in names or is_paused or job_memory(state, job.id).deferral is not None


def _resume(session: Session, name: str) -> None:
    event, sentence = pausing.ended(name, session.store.state, session.now)
    session.keep(event)
    session.say(sentence)
