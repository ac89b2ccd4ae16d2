"""The commands that look: status, list, show, next, history, logs. They change nothing.

Each parses, asks `scheduled.views` for a document, and prints it: as JSON, plainly, or as a page
for a person.
"""

import json
from datetime import datetime
from typing import Any

import click

from scheduled.cli.context import Session
from scheduled.cli.when import ago
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Outcome
from scheduled.runs import output_files
from scheduled.runs.running import is_running
from scheduled.state import history as records
from scheduled.system.text import one_line, printable
from scheduled.views import format as formats
from scheduled.views import history_csv, jobs, upcoming
from scheduled.views import job as job_view
from scheduled.views import status as standing
from scheduled.views import why as whys
from scheduled.views.snapshot import Snapshot, observe

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.command()
@_json
@click.pass_obj
def status(session: Session, *, as_json: bool) -> None:
    """How things stand: what is wrong, what was found last, what comes next."""
    snapshot = _picture(session)
    document = standing.document(snapshot)
    if as_json:
        _print_json(document)
        return
    from scheduled.views import pages

    _show(session, *pages.of_status(document, snapshot))


@click.command("list")
@click.option(
    "--at", "when", metavar="WHEN", help="What would run then: 2h ahead, 8:00, an ISO date."
)
@_json
@click.pass_obj
def list_jobs(session: Session, *, when: str | None, as_json: bool) -> None:
    """All jobs, with their last and their next run; or what a tick at a time to come would do."""
    snapshot, document = _listed(session, when)
    warn(session)
    if as_json:
        _print_json(document)
        return
    from scheduled.views import tables

    if when is None:
        _show(session, tables.jobs(document["jobs"], snapshot.now, snapshot.zone))
        return
    then = formats.both(snapshot.now, session.now, snapshot.zone)
    click.echo(f"Simulated: a tick at {then}, if all goes well until then.")
    _show(session, tables.jobs_at(document["jobs"], snapshot.now, snapshot.zone))


def _listed(session: Session, when: str | None) -> tuple[Snapshot, dict[str, Any]]:
    if when is None:
        snapshot = _picture(session)
        return snapshot, jobs.document(snapshot)
    from scheduled.cli import simulated

    snapshot, decisions = simulated.standing("--at", when, session)
    return snapshot, jobs.document_at(snapshot, decisions)


@click.command()
@click.pass_obj
def listing(session: Session) -> None:
    """GAIA's `--list`: name, schedule, last run or never, description."""
    from scheduled.views import tables

    snapshot = _picture(session)
    warn(session)
    _show(session, tables.tasks(jobs.rows(snapshot), snapshot.now))


@click.command()
@click.argument("job")
@_json
@click.pass_obj
def show(session: Session, job: str, *, as_json: bool) -> None:
    """Everything about one job."""
    found = find_job(session.config, job)
    snapshot = _picture(session)
    document = job_view.document(snapshot, found)
    if as_json:
        _print_json(document)
        return
    from scheduled.views import pages

    _show(session, *pages.of_job(document, snapshot))


@click.command("next")
@click.argument("job", required=False)
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=5, help="How many. [5]")
@click.option("--explain", is_flag=True, help="Say why each is there, and what becomes of it.")
@_json
@click.pass_obj
def next_slots(
    session: Session, job: str | None, *, count: int, explain: bool, as_json: bool
) -> None:
    """The next slots of one job, or of all."""
    found = find_job(session.config, job) if job is not None else None
    snapshot = _picture(session)
    if found is not None:
        document = upcoming.of_job(snapshot, found, count, explained=explain)
    else:
        document = upcoming.of_all(snapshot, count, explained=explain)
    if as_json:
        _print_json(document)
        return
    from scheduled.views import pages

    _show(session, *pages.of_next(document, snapshot.now))


@click.command()
@click.argument("job", required=False)
@click.option("--since", metavar="WHEN", help="From then on: 2h, 7d, 8:00, an ISO date.")
@click.option("--outcome", type=click.Choice([one.value for one in Outcome]), help="Only these.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=records.DEFAULT_LIMIT,
    help=f"At most so many, the newest; 0 for all. [{records.DEFAULT_LIMIT}]",
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma separated values.")
@_json
@click.pass_obj
def history(
    session: Session,
    job: str | None,
    *,
    since: str | None,
    outcome: str | None,
    limit: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """What ran, was skipped or was missed; the newest first."""
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other; give one of them")
    rows = _rows(session, job, since, outcome, limit)
    if as_json:
        _print_json({"runs": rows})
    elif as_csv:
        click.echo(history_csv.csv_text(rows), nl=False)
    else:
        from scheduled.views import pages

        _show(session, *pages.of_history(rows, session.now, session.zone))


@click.command()
@click.argument("job")
@click.option(
    "--at", "when", metavar="WHEN", help="About the slot then: 2h ago, 8:00, an ISO date."
)
@_json
@click.pass_obj
def why(session: Session, job: str, *, when: str | None, as_json: bool) -> None:
    """Why JOB ran or did not: the newest slot, or the one at a time, and what became of it."""
    found = find_job(session.config, job)
    snapshot = _picture(session)
    at = session.now if when is None else ago("--at", when, session.now, session.zone)
    document = whys.document(snapshot, found, at, _rows(session, job, None, None, 0))
    if as_json:
        _print_json(document)
        return
    for sentence in whys.sentences(document, snapshot):
        click.echo(one_line(sentence))


@click.command()
@click.argument("job")
@click.argument("run", required=False)
@_json
@click.pass_obj
def logs(session: Session, job: str, run: str | None, *, as_json: bool) -> None:
    """What a run printed: the newest one, or RUN."""
    state_dir = session.config.places.state_dir
    kept = output_files.jobs_with_output(state_dir)
    if job not in kept:
        find_job(session.config, job)
        raise UsageError(f"{job}: no output is kept, as it has not run yet")
    found = (
        output_files.named(state_dir, job, run)
        if run is not None
        else output_files.newest(state_dir, job)
    )
    if found is None:
        raise UsageError(f"{job}: no output is kept")
    document = found.document()
    if as_json:
        _print_json(document)
    else:
        click.echo(printable(document["text"]), nl=False)


def _rows(
    session: Session, job: str | None, since: str | None, outcome: str | None, limit: int
) -> list[records.Row]:
    wanted = records.HistoryQuery(
        job=job,
        since=_since(session, since),
        outcome=Outcome(outcome) if outcome is not None else None,
        limit=limit,
    )
    state_dir = session.config.places.state_dir
    if job is not None and job not in session.store.state["jobs"]:
        find_job(session.config, job)  # a job that is gone may still have a past
    state = session.store.state
    return records.read(
        session.store.journal, wanted, lambda name: is_running(state, state_dir, name)
    )


def _since(session: Session, text: str | None) -> datetime | None:
    return None if text is None else ago("--since", text, session.now, session.zone)


def _picture(session: Session) -> Snapshot:
    store = session.store
    return observe(session.config, store.state, session.now, session.zone, store.recovered)


def _print_json(document: dict[str, Any]) -> None:
    # A value of somebody's configuration may be a date, which YAML knows and JSON does not.
    click.echo(json.dumps(document, indent=2, default=str))


def _show(session: Session, *parts: Any) -> None:
    from scheduled.views import terminal

    terminal.show(*parts, color=session.color)


def warn(session: Session) -> None:
    """Tell, beside the list, why something may be missing from it."""
    for problem in (*session.config.problems, *session.store.recovered):
        click.echo(f"scheduled: {one_line(problem)}", err=True)
