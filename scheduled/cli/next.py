"""`scheduled next`: the upcoming runs of one job, or of all."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.values import Number
from scheduled.config.lookup import find_job
from scheduled.views import upcoming


@command("next")
@click.argument("job", required=False)
@click.option("-n", "count", type=Number(1, 10_000), default=5, help="How many to list. [5]")
@click.option(
    "--explain",
    is_flag=True,
    help="Explain why each run is scheduled, and what happens if it is missed.",
)
@json_option
@click.pass_obj
def next_runs(
    session: Session, job: str | None, *, count: int, explain: bool, as_json: bool
) -> None:
    """List the upcoming runs of one job, or of all jobs."""
    configured = find_job(session.config, job) if job is not None else None
    snapshot = session.snapshot()
    if configured is not None:
        document = upcoming.of_job(snapshot, configured, count, explain=explain)
    else:
        document = upcoming.of_all(snapshot, count, explain=explain)
    if as_json:
        print_json(document)
        return
    from scheduled.views import pages

    show(session, *pages.of_next(document, snapshot.now))
