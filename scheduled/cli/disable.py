"""`scheduled disable`: keep a job from running until it is enabled."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.enable import switch


@command()
@click.argument("job")
@click.pass_obj
@changes_state
def disable(session: Session, job: str) -> None:
    """Disable JOB. A run in progress continues."""
    switch(session, job, enabled=False)
