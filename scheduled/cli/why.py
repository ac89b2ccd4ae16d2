"""`scheduled why`: why a job ran, or did not."""

from collections.abc import Iterable
from datetime import datetime

import click

from scheduled.cli.context import Session
from scheduled.cli.history import matching_rows
from scheduled.cli.output import json_option, print_json
from scheduled.cli.when import ago
from scheduled.config.lookup import find_job
from scheduled.jobs.model import Job
from scheduled.state import history
from scheduled.state.history import CLOCK_STEP, HistoryQuery, Row
from scheduled.system.text import one_line
from scheduled.views import permissions
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
    refusal = permissions.problem_of(job, session.config.problems)
    if refusal and all(each.id != job for each in session.config.jobs):
        _tell_of_refused(session, job, refusal, as_json=as_json)
        return
    configured = find_job(session.config, job)
    snapshot = session.snapshot()
    at = session.now if when is None else ago("--at", when, session.now, session.zone)
    slot = why_view.slot_at(snapshot, configured, at)
    # Nothing that became of a slot was recorded before it, but for a clock that was set back.
    since = slot - CLOCK_STEP if slot is not None else at
    rows = matching_rows(session, HistoryQuery(job=job, since=since, limit=0))
    document = why_view.document(snapshot, configured, at, rows)
    document["reasons"] += _permissions(session, configured, since, rows)
    if as_json:
        print_json(document)
        return
    for sentence in why_view.sentences(document, snapshot):
        click.echo(one_line(sentence))


def _permissions(session: Session, job: Job, since: datetime, rows: Iterable[Row]) -> list[str]:
    """Return what was checked of a job that is not simply the owner's."""
    entry = session.store.state["jobs"].get(job.id, {})
    if not (job.level or entry.get("refused")):
        return []
    checks = history.events(session.store.journal, permissions.KINDS, job.id, since)
    runs = {row["run_id"] for row in rows}
    return [*permissions.sentences(session.snapshot(), checks, runs)]


def _tell_of_refused(session: Session, job: str, refusal: str, *, as_json: bool) -> None:
    """Say why a job is refused, and when that was recorded."""
    checks = history.events(session.store.journal, {"permission"}, job)
    document = permissions.refused(session.snapshot(), job, checks)
    if as_json:
        document["reasons"] = document["reasons"] or [refusal]
        print_json(document)
        return
    click.echo(f"{job}: refused; it does not run.")
    for reason in (refusal, *document["reasons"]):
        click.echo(one_line(f"- {reason}"))
