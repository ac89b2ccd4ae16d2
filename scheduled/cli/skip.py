"""`scheduled skip`: skip the next run of a job."""

from datetime import datetime

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.registering import put_on_record
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.decide import answered_until
from scheduled.state import events
from scheduled.state.records import job_memory
from scheduled.timing import slots
from scheduled.views.format import clock_and_distance


@command()
@click.argument("job")
@click.pass_obj
@changes_state
def skip(session: Session, job: str) -> None:
    """Skip the next run of JOB."""
    configured = find_job(session.config, job)
    put_on_record(session, [configured.id])
    if job_memory(session.store.state, configured.id).deferral is not None:
        raise UsageError(f"{job} is deferred; `scheduled resume {job}` ends that")
    slot = _next_slot(session, configured)
    if slot is None:
        raise UsageError(f"{job}: no upcoming run to skip")
    session.keep(events.skip_requested(configured.id, slot))
    session.say(f"{job}: {clock_and_distance(slot, session.now, session.zone)} is skipped.")


def _next_slot(session: Session, job: Job) -> datetime | None:
    memory = job_memory(session.store.state, job.id)
    after = answered_until(job, memory, session.now)
    return slots.following(schedule_of(job), after, memory.anchor or session.now)
