"""`scheduled disable`: keep a job from running until it is enabled."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import for_each, jobs_argument
from scheduled.cli.enable import switch
from scheduled.config.lookup import find_jobs


@command()
@jobs_argument
@click.pass_obj
@changes_state
def disable(session: Session, names: tuple[str, ...]) -> int:
    """Disable JOB. A run in progress continues."""
    jobs = find_jobs(session.config, names)
    return for_each(jobs, lambda job: switch(session, job, enabled=False))
