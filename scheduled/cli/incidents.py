"""`scheduled incidents`: what needs a person."""

from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.unread import state_suffices
from scheduled.timing.instants import parse_utc
from scheduled.views import incidents as incidents_view
from scheduled.views.format import relative
from scheduled.views.wording import printed


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
    from scheduled.views import tables
    from scheduled.views.columns import Grid

    table = Grid("ID", "JOB", "KIND", "SINCE", "COUNT", "STATUS", "ERROR")
    for row in rows:
        table.add_row(*map(tables.cell, _cells(session, row)))
    show(session, table)


def _cells(session: Session, row: dict[str, Any]) -> tuple[Any, ...]:
    since = parse_utc(row["since"])
    ago = relative(since, session.now) if since else ""
    error = row["end"] if row["status"] == "closed" else row["last_error"]
    first_line = printed(error.partition("\n")[0])
    kind = incidents_view.WORDS.get(row["kind"], row["kind"])
    return row["id"], row["job"] or "-", kind, ago, row["count"], row["status"], first_line
