"""`scheduled resume`: end a pause or a deferral."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.config.lookup import find_job
from scheduled.planning import pausing
from scheduled.state.records import ALL_JOBS


@command()
@click.argument("job", required=False)
@click.pass_obj
@changes_state
def resume(session: Session, job: str | None) -> None:
    """End the pause of JOB, or the pause of all jobs. Skipped runs are not caught up.

    If JOB is deferred, end the deferral; a run that was scheduled meanwhile is due.
    """
    name = find_job(session.config, job).id if job is not None else ALL_JOBS
    event, sentence = pausing.ended(name, session.store.state, session.now)
    session.keep(event)
    session.say(sentence)
