"""`scheduled logs`: what a run printed."""

import click

from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.runs import output_files
from scheduled.system.text import printable


@click.command()
@click.argument("job")
@click.argument("run", required=False)
@json_option
@click.pass_obj
def logs(session: Session, job: str, run: str | None, *, as_json: bool) -> None:
    """Print the output of a run: the latest one, or RUN."""
    state_dir = session.config.places.state_dir
    if job not in output_files.jobs_with_output(state_dir):
        find_job(session.config, job)
        raise UsageError(f"{job}: no output is kept, as it has not run yet")
    output_file = (
        output_files.find(state_dir, job, run)
        if run is not None
        else output_files.newest(state_dir, job)
    )
    if output_file is None:
        raise UsageError(f"{job}: no output is kept")
    document = output_file.document()
    if as_json:
        print_json(document)
    else:
        click.echo(printable(document["text"]), nl=False)
