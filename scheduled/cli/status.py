"""`scheduled status`: problems, latest results, upcoming runs."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.views import answers
from scheduled.views.health import Health


@command()
@click.option("--check", is_flag=True, help="Exit with 0 if healthy, 1 if degraded, 2 if critical.")
@json_option
@click.pass_obj
def status(session: Session, *, check: bool, as_json: bool) -> int:
    """Show problems, latest results and upcoming runs."""
    snapshot = session.snapshot()
    document = answers.status(session.config, session.store, snapshot, session.environ)
    if as_json:
        print_json(document)
    else:
        from scheduled.views import pages

        show(session, *pages.of_status(document, snapshot))
    return Health[document["health"].upper()] if check else 0
