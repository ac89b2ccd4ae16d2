"""`scheduled skip`: skip the next run of a job."""

from datetime import datetime

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import for_each, jobs_argument
from scheduled.cli.registering import put_on_record
from scheduled.config.lookup import find_jobs
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.planning.decide import answered_until
from scheduled.planning.due import schedule_for
from scheduled.state import events
from scheduled.state.records import job_memory
from scheduled.timing import slots
from scheduled.views.format import clock_and_distance


@command()
@jobs_argument
@click.pass_obj
@changes_state
def skip(session: Session, names: tuple[str, ...]) -> int:
    """Skip the next run of JOB."""
    jobs = find_jobs(session.config, names)
    put_on_record(session, [job.id for job in jobs])
    return for_each(jobs, lambda job: _skip(session, job))


def _skip(session: Session, job: Job) -> None:
    if job_memory(session.store.state, job.id).deferral is not None:
        raise UsageError(f"{job.id} is deferred; `scheduled resume {job.id}` ends that")
    slot = _next_slot(session, job)
    if slot is None:
        raise UsageError(f"{job.id}: no upcoming run to skip")
    session.keep(events.skip_requested(job.id, slot))
    session.say(f"{job.id}: {clock_and_distance(slot, session.now, session.zone)} is skipped.")


def _next_slot(session: Session, job: Job) -> datetime | None:
    memory = job_memory(session.store.state, job.id)
    after, schedule = (
        answered_until(job, memory, session.now),
        schedule_for(job, memory, session.now),
    )
    return slots.following(schedule, after, memory.anchor or session.now)
