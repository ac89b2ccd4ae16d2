"""The commands that run jobs: `run`, `daily-report`, `trigger`, and the option `--once`."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from scheduled.cli.context import Session
from scheduled.config.load import Config
from scheduled.config.lookup import check_only, find_job
from scheduled.errors import ConfigError
from scheduled.jobs.model import Outcome
from scheduled.runs import output_files
from scheduled.runs.output import Capture
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.ticks import tick
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Exit, Report
from scheduled.ticks.signals import Bus
from scheduled.ticks.simulation import preview
from scheduled.timing.instants import format_utc
from scheduled.views.failure import LINES, failure_block

REPORT_JOB = "daily_report"


@click.command()
@click.option(
    "--only", multiple=True, metavar="JOB|tag:TAG", help="Only these of the due jobs; repeatable."
)
@click.option(
    "--force", is_flag=True, help="Run jobs that are not due, too; disabled ones stay off."
)
@click.option("--dry-run", is_flag=True, help="Say what would run, and why; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def run(session: Session, only: tuple[str, ...], force: bool, dry_run: bool, as_json: bool) -> int:
    """Do what is due, once, and exit. This is what cron calls.

    Exit codes: 0 nothing due or all well, 1 a job failed, 2 usage or configuration (what could
    run, ran), 3 our files are locked, 4 the state was recovered or could not be saved, 75 not
    now, 128+n ended by signal n.
    """
    check_only(_config(session), only)
    wanted = RunRequest(only=only, by_hand=force) if only or force else None
    if dry_run:
        return _preview(session, wanted or RunRequest(), as_json=as_json)
    return _done(session, wanted, as_json=as_json).exit_code


@click.command()
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def trigger(session: Session, job: str, as_json: bool) -> int:
    """Run JOB now, by hand. Its schedule is not moved by it."""
    find_job(session.config, job)
    wanted = RunRequest(only=(job,), by_hand=True, even_disabled=True, slotless=True)
    report = _done(session, wanted, as_json=as_json)
    if any(row["outcome"] == Outcome.SUCCEEDED for row in report.rows):
        return report.exit_code
    if not report.rows:
        _say_left(report)
    for row in report.ran:
        if not history.is_failure(row):
            click.echo(f"{job}: {one_line(row['reason'] or '')}", err=True)
    return report.exit_code or Exit.TEMPORARY


@click.command("daily-report")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the report.")
@click.option("--no-send", is_flag=True, help="Do not mail it; it does not count as today's.")
@click.option("--force", is_flag=True, help="Build and send it again today.")
@click.pass_obj
def daily_report(session: Session, to_stdout: bool, no_send: bool, force: bool) -> int:
    """Build the report of the day and mail it, once a day.

    A report that was missed is caught up; one that was sent is not sent again without --force.
    """
    if not no_send:
        wanted = RunRequest(only=(REPORT_JOB,), by_hand=force)
        report = _run(session, wanted, Bus())
    if no_send or (to_stdout and not report.rows):
        params = {"send": False}
        wanted = RunRequest(only=(REPORT_JOB,), by_hand=True, slotless=True, params=params)
        report = _run(session, wanted, Bus())
    complain(session, report)
    if to_stdout and report.rows:
        _print_report(report)
    elif not report.rows:
        _say_left(report)
        if session.is_terminal and not report.left:
            click.echo("The report of today has been sent already; --force sends it again.")
    elif session.is_terminal and not report.failed:
        click.echo("The report of today is built." if no_send else "The report of today is sent.")
    return report.exit_code


@click.command(hidden=True)
@click.pass_obj
def once(session: Session) -> int:
    """Run every enabled job now and print one JSON object keyed by job, as GAIA's runner does."""
    report = _run(session, RunRequest(by_hand=True), Bus())
    complain(session, report)
    rows = {row["job"]: _gaia(row) for row in report.ran}
    for job, reason in report.left:
        skipped = {"status": "skipped", "output": {"reason": reason}}
        rows.setdefault(job, {"task": job, "timestamp": format_utc(session.now), **skipped})
    click.echo(json.dumps(rows, indent=2))
    return report.exit_code


def _config(session: Session) -> Config:
    """The configuration; where it cannot be followed, whoever reads cron's mail hears what that
    means."""
    try:
        return session.config
    except ConfigError as error:
        raise ConfigError([*error.problems, "No job runs until that is mended."]) from error


def _done(session: Session, wanted: RunRequest | None, *, as_json: bool) -> Report:
    """A tick with all that people get to see of it."""
    watched = session.is_terminal and not as_json and not session.quiet
    report = _watched(session, wanted) if watched else _run(session, wanted, Bus())
    if as_json:
        click.echo(json.dumps(report.document(), indent=2))
    elif watched or session.verbose:
        _summarize(session, report)
    complain(session, report)
    return report


def _watched(session: Session, wanted: RunRequest | None) -> Report:
    from rich.console import Console

    from scheduled.views.progress import Progress

    bus = Bus()
    with Progress(Console(no_color=not session.color)) as live:
        bus.subscribe("job_started", live.job_started)
        bus.subscribe("job_finished", live.job_finished)
        bus.subscribe("job_failed", live.job_failed)
        return _run(session, wanted, bus, live.refresh)


def _run(
    session: Session,
    wanted: RunRequest | None,
    bus: Bus,
    look: Callable[[], object] = lambda: None,
) -> Report:
    return tick.run(
        session.config,
        session.now,
        environ=session.environ,
        arguments=session.arguments,
        wanted=wanted,
        bus=bus,
        look=look,
    )


def _summarize(session: Session, report: Report) -> None:
    from scheduled.views import progress, terminal

    terminal.show(*progress.summary(report.document()), color=session.color)
    for note in report.notes:
        click.echo(one_line(note))


def complain(session: Session, report: Report) -> None:
    """What cron should mail: nothing when all is well. Warnings are for those who ask for more."""
    for warning in session.config.warnings if session.verbose else ():
        click.echo(f"scheduled: warning: {one_line(warning)}", err=True)
    for sentence in (*report.problems, *report.recovered, *report.warnings):
        click.echo(f"scheduled: {one_line(sentence)}", err=True)
    if report.trouble is not None:
        click.echo(f"scheduled: {one_line(report.trouble)}", err=True)
    if report.stopped_by is not None:
        cut_short = any(row["outcome"] == Outcome.INTERRUPTED for row in report.ran)
        what = "what ran is recorded as interrupted" if cut_short else "all that ran had ended"
        click.echo(f"scheduled: stopped by {report.stopped_by.name}; {what}", err=True)
    for row in report.failed:
        click.echo(failure_block(row, *_circumstances(session, report, row)), err=True)


def _circumstances(
    session: Session, report: Report, row: Row
) -> tuple[list[str], Path | None, datetime | None]:
    """The last lines a failed run printed, where all of them are, and when it is tried next."""
    state_dir = session.config.places.state_dir
    path = output_files.log_path(state_dir, row["job"], row["run_id"])
    following = report.upcoming.get(row["job"])
    lines = Capture(path, 0).tail(LINES) if path is not None else []
    return lines, path, following.astimezone(session.zone) if following else None


def _say_left(report: Report) -> None:
    for job, reason in report.left:
        click.echo(f"{job}: not started: {one_line(reason)}", err=True)


def _print_report(report: Report) -> None:
    for row in report.ran:
        if isinstance(row["result"], dict) and isinstance(row["result"].get("report"), str):
            click.echo(row["result"]["report"])


def _preview(session: Session, wanted: RunRequest, *, as_json: bool) -> int:
    from scheduled.views import dry_run, terminal

    decisions = preview.decisions(session.config, session.now, wanted)
    document = dry_run.document(decisions, session.now)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        terminal.show(*dry_run.page(document, session.now, session.zone), color=session.color)
    for problem in session.config.problems:
        click.echo(f"scheduled: {problem}", err=True)
    return Exit.USAGE if session.config.problems else Exit.WELL


def _gaia(row: Row) -> dict[str, Any]:
    succeeded = row["outcome"] == Outcome.SUCCEEDED
    put_off = row["outcome"] is None
    return {
        "task": row["job"],
        "status": "success" if succeeded else "skipped" if put_off else "error",
        "timestamp": row["finished_at"],
        "output": row["result"] if succeeded else {"error": row["error"] or row["reason"]},
    }
