"""`scheduled history`: what ran, was skipped or was missed."""

from collections.abc import Sequence
from datetime import datetime

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.unread import state_suffices
from scheduled.cli.values import Choice, Number
from scheduled.cli.when import ago
from scheduled.errors import UsageError
from scheduled.jobs.model import Outcome
from scheduled.state.history import DEFAULT_LIMIT, HistoryQuery, Row
from scheduled.timing.instants import parse_utc
from scheduled.views import answers, history_csv
from scheduled.views.format import absolute


@command()
@click.argument("job", required=False)
@click.option(
    "--since",
    metavar="WHEN",
    help="Only from this time on: 2h (ago), 8:00, yesterday, last mon, an ISO date.",
)
@click.option("--outcome", type=Choice([word.value for word in Outcome]), help="Only this outcome.")
@click.option(
    "--run",
    "run_id",
    metavar="RUN",
    help="Only this run: its id, or how that begins.",
)
@click.option(
    "--limit",
    type=Number(0),
    default=DEFAULT_LIMIT,
    help=f"At most this many, the newest; 0 for all. [{DEFAULT_LIMIT}]",
)
@click.option("--gaps", is_flag=True, help="The times without ticks instead: why, and the cost.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma separated values.")
@json_option
@click.pass_obj
@state_suffices
def history(
    session: Session,
    job: str | None,
    *,
    since: str | None,
    outcome: str | None,
    run_id: str | None,
    limit: int,
    gaps: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List what ran, was skipped or was missed, newest first."""
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other; give one of them")
    if gaps:
        if not (job is outcome is run_id is None) or as_csv:
            raise UsageError("--gaps takes --since, --limit and --json only")
        _show_gaps(session, _since(session, since), limit, as_json=as_json)
        return
    query = HistoryQuery(
        job=job,
        since=_since(session, since),
        outcome=Outcome(outcome) if outcome is not None else None,
        limit=limit,
        run=run_id,
    )
    rows = answers.past(session.config, session.store, query)
    if as_json:
        print_json({"runs": rows})
    elif as_csv:
        click.echo(history_csv.csv_text(rows), nl=False)
    else:
        _show(session, query, rows)


def _show(session: Session, query: HistoryQuery, rows: Sequence[Row]) -> None:
    """Print the rows; where none was left out for its outcome, with the gaps between them."""
    from scheduled.views import gaps
    from scheduled.views.runs import JOB, table

    if not rows:
        since = f" since {absolute(query.since, session.zone)}" if query.since else ""
        click.echo(f"No runs recorded{since}.")
        return
    outages = []
    if query.outcome is query.run is None:
        recorded = (row["started_at"] or row["finished_at"] for row in rows)
        begin = parse_utc(min(filter(None, recorded), default=None))
        outages = gaps.rows(session.store.journal, session.store.state, begin)
        outages = gaps.with_pending(outages, session.snapshot()) if outages else []
    without = () if query.job is None else (JOB,)
    show(session, table(rows, session.now, session.zone, without=without, outages=outages))


def _show_gaps(session: Session, since: datetime | None, limit: int, *, as_json: bool) -> None:
    from scheduled.views import gaps

    rows = gaps.rows(session.store.journal, session.store.state, since, limit)
    rows = gaps.with_pending(rows, session.snapshot()) if rows else []
    if as_json:
        print_json({"version": 1, "gaps": rows})
    else:
        show(session, *gaps.page(rows, session.now, session.zone))


def _since(session: Session, text: str | None) -> datetime | None:
    return None if text is None else ago("--since", text, session.now, session.config.timezone)
