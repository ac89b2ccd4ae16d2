"""`scheduled why`: why a job ran, or did not."""

import click

from scheduled.cli.context import Session
from scheduled.cli.history import matching_rows
from scheduled.cli.output import json_option, print_json
from scheduled.cli.when import ago
from scheduled.config.lookup import find_job
from scheduled.state.history import CLOCK_STEP, HistoryQuery
from scheduled.system.text import one_line
from scheduled.views import why as why_view


@click.command()
@click.argument("job")
@click.option(
    "--at",
    "when",
    metavar="WHEN",
    help="The run scheduled at or before this time: 2h (ago), 8:00, an ISO date.",
)
@json_option
@click.pass_obj
def why(session: Session, job: str, *, when: str | None, as_json: bool) -> None:
    """Explain why JOB ran or did not: its latest scheduled time, or the one at a given time."""
    configured = find_job(session.config, job)
    snapshot = session.snapshot()
    at = session.now if when is None else ago("--at", when, session.now, session.zone)
    slot = why_view.slot_at(snapshot, configured, at)
    # Nothing that became of a slot was recorded before it, but for a clock that was set back.
    since = slot - CLOCK_STEP if slot is not None else at
    rows = matching_rows(session, HistoryQuery(job=job, since=since, limit=0))
    document = why_view.document(snapshot, configured, at, rows)
    if as_json:
        print_json(document)
        return
    for sentence in why_view.sentences(document, snapshot):
        click.echo(one_line(sentence))
