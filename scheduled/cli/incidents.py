"""`scheduled incidents`: what needs a person."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.unread import state_suffices
from scheduled.views import incidents as incidents_view


@command()
@click.option("--all", "closed", is_flag=True, help="Those that have ended, too.")
@json_option
@click.pass_obj
@state_suffices
def incidents(session: Session, *, closed: bool, as_json: bool) -> None:
    """List what needs a person.

    That is a job that fails or is late, a broken configuration, a full disk and the like.
    """
    rows = incidents_view.rows(session.store.state, session.now, closed=closed)
    if as_json:
        print_json({"version": 1, "incidents": rows})
        return
    if not rows:
        click.echo("No incidents recorded." if closed else "No open incidents.")
        return
    show(session, incidents_view.table(rows, session.now))
    if any(row["status"] == "open" for row in rows) and session.is_terminal:
        click.echo("\n`scheduled ack ID` stops the reminders of one.")
