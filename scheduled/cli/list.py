"""`scheduled list` and the option `--list`: the jobs, with their last and their next run."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, print_problems, show
from scheduled.jobs import builtin
from scheduled.views import finished_jobs, jobs
from scheduled.views import format as formats


@command("list")
@click.option(
    "--at",
    "when",
    metavar="WHEN",
    help="What would run at this time: 2h (from now), 8:00, tomorrow noon, an ISO date.",
)
@click.option(
    "--all", "every", is_flag=True, help="List built-in jobs not in use, and finished jobs, too."
)
@json_option
@click.pass_obj
def list_jobs(session: Session, *, when: str | None, every: bool, as_json: bool) -> None:
    """List the jobs with their last and next runs.

    With --at, list what a tick at a later time would do.
    """
    if every:
        session.config = session.config.with_known({job.id for job in session.config.offered})
    if when is not None:
        _list_at(session, when, every=every, as_json=as_json)
        return
    snapshot, finished = session.snapshot(), list[str]()
    if not every:
        snapshot, finished = finished_jobs.without_hidden(snapshot)
    print_problems(session)
    if as_json:
        print_json(jobs.document(snapshot))
        return
    from scheduled.views import job_table, tables

    gone = [each.name for each in session.config.unusable if each.is_gone and each.is_job]
    hidden = () if every else (builtin.INACTIVE,)
    below = [tables.cell(finished_jobs.not_listed(finished))] if finished else []
    table = job_table.full(snapshot, gone, hidden)
    if table.is_empty:
        from scheduled.views.wrapping import Paragraph

        show(session, Paragraph(job_table.EMPTY), *below)
        return
    show(session, table, *below)


def _list_at(session: Session, when: str, *, every: bool, as_json: bool) -> None:
    from scheduled.cli import simulated

    snapshot, decisions = simulated.snapshot_at("--at", when, session)
    if not every:
        snapshot, _ = finished_jobs.without_hidden(snapshot)
    document = jobs.document_at(snapshot, decisions)
    print_problems(session)
    if as_json:
        print_json(document)
        return
    from scheduled.views import tables

    then = formats.clock_and_distance(snapshot.now, session.now, snapshot.zone)
    first = f"Simulated: a tick at {then}, assuming that every run until then succeeds."
    rows = [row for row in document["jobs"] if every or row["source"] != builtin.INACTIVE]
    show(session, tables.cell(first), tables.jobs_at(rows, snapshot.now, snapshot.zone))


@command(hidden=True)
@click.pass_obj
def list_tasks(session: Session) -> None:
    """GAIA's `--list`: name, schedule, last run or never, description."""
    from scheduled.views import tables

    snapshot = session.snapshot()
    print_problems(session)
    show(session, tables.tasks(jobs.rows(snapshot), snapshot.now))
