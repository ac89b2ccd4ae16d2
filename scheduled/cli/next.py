"""`scheduled next`: the upcoming runs of one job, or of all."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.values import Number
from scheduled.config.lookup import find_job
from scheduled.views import upcoming

RUNS = 5
"""So many runs are listed if nobody says how many."""


@command("next")
@click.argument("job", required=False)
@click.option(
    "-n",
    "count",
    type=Number(1, 10_000),
    help="How many to list: runs of JOB [5], or jobs [all].",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Explain why each run is scheduled, and what happens if it is missed.",
)
@json_option
@click.pass_obj
def next_runs(
    session: Session, job: str | None, *, count: int | None, explain: bool, as_json: bool
) -> None:
    """List the upcoming runs of one job, or the next run of each.

    With --json and no JOB, the next runs of all jobs together.
    """
    configured = find_job(session.config, job) if job is not None else None
    snapshot = session.snapshot(is_on_screen=not as_json)
    if configured is not None:
        document = upcoming.of_job(snapshot, configured, count or RUNS, explain=explain)
    elif as_json:
        document = upcoming.of_all(snapshot, count or RUNS, explain=explain)
    else:
        document = upcoming.of_each(snapshot, count, explain=explain)
    if as_json:
        print_json(document)
        return
    from scheduled.views import next_page

    show(session, *next_page.page(document, snapshot.now))
