"""`scheduled show`: everything about one job."""

import click

from scheduled.cli import output
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.config.lookup import find_job
from scheduled.views import job as job_view


@click.command()
@click.argument("job")
@json_option
@click.pass_obj
def show(session: Session, job: str, *, as_json: bool) -> None:
    """Show everything about one job."""
    configured = find_job(session.config, job)
    snapshot = session.snapshot()
    document = job_view.document(snapshot, configured)
    if as_json:
        print_json(document)
        return
    from scheduled.views import pages

    output.show(session, *pages.of_job(document, snapshot))
