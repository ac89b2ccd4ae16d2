"""`scheduled stats`: how runs went over a time."""

from datetime import timedelta

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.when import ago
from scheduled.config import ownership
from scheduled.config.lookup import find_job
from scheduled.state.store import KEEP_DAYS
from scheduled.views import day_counts
from scheduled.views import stats as stats_view


@command()
@click.argument("job", required=False)
@click.option(
    "--since",
    metavar="WHEN",
    help="Only from this time on: 2h (ago), 8:00, yesterday, last mon, an ISO date.",
)
@json_option
@click.pass_obj
def stats(session: Session, job: str | None, *, since: str | None, as_json: bool) -> None:
    """Show rates, durations, delays and errors of runs.

    They are those of each job, and of all jobs together.
    """
    if job is not None and job not in session.store.state["jobs"]:
        find_job(session.config, job)  # a job that is gone may still have a past
    begin = None if since is None else ago("--since", since, session.now, session.config.timezone)
    snapshot = session.snapshot()
    interval, keep = snapshot.cadence.interval, ownership.is_owner(session.config, session.store)
    counts = day_counts.read(session.store.journal, interval, begin, job, keep=keep)
    document = stats_view.document(snapshot, counts, begin, job)
    if as_json:
        print_json(document)
        return
    show(session, *stats_view.page(document, snapshot))
    sentence = stats_view.since_kept(begin, session.now, timedelta(days=KEEP_DAYS))
    if sentence:
        click.echo(f"note: {sentence}", err=True)
