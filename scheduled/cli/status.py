"""`scheduled status`: problems, latest results, upcoming runs."""

import click

from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.views import status as status_view


@click.command()
@json_option
@click.pass_obj
def status(session: Session, *, as_json: bool) -> None:
    """Show the current status: problems, latest results, upcoming runs."""
    snapshot = session.snapshot()
    document = status_view.document(snapshot)
    if as_json:
        print_json(document)
        return
    from scheduled.views import pages

    show(session, *pages.of_status(document, snapshot))
