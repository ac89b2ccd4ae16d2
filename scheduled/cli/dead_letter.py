"""`scheduled dead-letter`: slots that failed and whose retries are used up."""

from typing import Any

import click

from scheduled.cli.context import Session, changes_state
from scheduled.cli.groups import Group
from scheduled.cli.output import print_json
from scheduled.cli.tick_report import print_problems
from scheduled.cli.unread import state_suffices
from scheduled.config.lookup import find_job, unknown_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Outcome
from scheduled.state import events
from scheduled.state.document import DeadLetterEntry
from scheduled.ticks import tick
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Exit
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import parse_utc
from scheduled.views.format import clock, counted, headed


@click.group("dead-letter", cls=Group)
def dead_letter() -> None:
    """List, retry or drop runs whose retries are used up."""


@dead_letter.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
@state_suffices
def list_letters(session: Session, *, as_json: bool) -> None:
    """List the runs whose retries are used up, oldest first."""
    letters = session.store.state["dead_letter"]
    if as_json:
        print_json({"dead_letter": letters})
        return
    from scheduled.cli.output import show
    from scheduled.views import noted_rows
    from scheduled.views.noted_rows import Columns

    if not letters:
        click.echo("There are no dead letters.")
        return
    texts = []
    for letter in letters:
        slot, since = (_instant(session, letter.get(key)) for key in ("slot", "since"))
        texts.append((letter.get("job"), slot, since, letter.get("attempts"), letter.get("error")))
    shown, shed = ("JOB", "SCHEDULED", "SINCE", "ATTEMPTS"), ("SINCE", "ATTEMPTS")
    heading = {"SCHEDULED": headed("SCHEDULED", session.now, session.zone)}
    columns = Columns(shown, ("ERROR",), name="JOB", shed=shed, texts=heading)
    show(session, noted_rows.table(columns, texts))


@dead_letter.command()
@click.argument("job")
@click.pass_obj
@changes_state
def retry(session: Session, job: str) -> int:
    """Run JOB now; if it succeeds, drop its dead letters."""
    find_job(session.config, job)
    _letters_of(session, job)
    wanted = RunRequest(only=(job,), by_hand=True, slotless=True, even_disabled=True)
    report = tick.run(
        session.config, session.now, environ=session.environ, request=wanted, bus=Bus()
    )
    print_problems(session, report)
    if not any(row["outcome"] == Outcome.SUCCEEDED for row in report.ran):
        click.echo(f"{job}: did not succeed; its dead letters are kept.", err=True)
        return report.exit_code or Exit.TEMPORARY
    count = _drop(session, job)
    click.echo(f"{job}: succeeded; {counted(count, 'dead letter')} dropped.")
    return report.exit_code


@dead_letter.command()
@click.argument("job")
@click.pass_obj
@changes_state
def drop(session: Session, job: str) -> None:
    """Drop the dead letters of JOB. Its history is kept."""
    _letters_of(session, job)
    click.echo(f"{job}: {counted(_drop(session, job), 'dead letter')} dropped.")


def _instant(session: Session, text: Any) -> str:
    when = parse_utc(text)
    return clock(when, session.now, session.zone) if when else ""


def _letters_of(session: Session, job: str) -> list[DeadLetterEntry]:
    """Return the dead letters of a job. Raises UsageError if it has none."""
    letters = session.store.state["dead_letter"]
    own = [letter for letter in letters if letter.get("job") == job]
    if own:
        return own
    jobs = {str(letter.get("job")) for letter in letters}
    if jobs:
        raise UsageError(unknown_job(job, jobs).replace("is called", "with dead letters is called"))
    raise UsageError(f"{job}: there are no dead letters")


def _drop(session: Session, job: str) -> int:
    count = len(_letters_of(session, job))
    session.store.record(session.now, events.dead_letters_dropped(job))
    session.store.checkpoint(session.now)
    return count
