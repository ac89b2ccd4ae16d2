"""`scheduled daily-report`: build the report of the day and mail it."""

import sys
from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.cli.tick_report import print_not_started, print_problems, run_tick
from scheduled.errors import UsageError
from scheduled.system.text import printable
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Report

REPORT_JOB = "daily_report"


@command("daily-report")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the report.")
@click.option("--html", "as_html", is_flag=True, help="Print the report as an HTML page.")
@click.option("--no-send", is_flag=True, help="Do not mail it; it does not count as today's.")
@click.option("--force", is_flag=True, help="Build and send it again today.")
@json_option
@click.pass_obj
def daily_report(
    session: Session,
    *,
    to_stdout: bool,
    as_html: bool,
    no_send: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Build the daily report and mail it, once a day.

    A report that was missed is caught up; one that was sent is not sent again without --force.
    """
    _refuse_html(as_html=as_html, others=to_stdout or as_json)
    session.is_changing = True
    is_printed = to_stdout or as_html or as_json
    session.is_tick = not (is_printed or no_send or force)
    is_sent = False
    if not no_send:
        report = run_tick(session, RunRequest(only=(REPORT_JOB,), by_hand=force))
        is_sent = bool(report.rows) and not report.failed
    if no_send or (is_printed and not report.rows):
        params = {"send": False}
        unsent = RunRequest(only=(REPORT_JOB,), by_hand=True, slotless=True, params=params)
        report = run_tick(session, unsent)
    print_problems(session, report)
    if as_json:
        print_json(_document(report, is_sent=is_sent))
        if not report.rows:
            print_not_started(report)
    elif is_printed and report.rows:
        _print_report(session, report, as_html=as_html)
    elif not report.rows:
        print_not_started(report)
        if session.is_terminal and not report.not_started:
            click.echo("Today's report has already been sent; --force sends it again.")
    elif session.is_terminal and not report.failed:
        click.echo("Today's report is built." if no_send else "Today's report is sent.")
    return report.exit_code


NUMBERS = ("health", "red_flags", "mail", "activity", "memory", "plans", "projects")
"""What its result holds besides the text."""


def _document(report: Report, *, is_sent: bool) -> dict[str, Any]:
    """Return the report and what is in it; null where it could not be built."""
    row: Any = next(iter(report.ran), {})
    result = row.get("result")
    found = result if isinstance(result, dict) else {}
    return {
        "version": 1,
        "sent": is_sent,
        "error": row.get("error"),
        **{key: found.get(key) for key in ("date", *NUMBERS, "report")},
    }


def _refuse_html(*, as_html: bool, others: bool) -> None:
    """Raise UsageError or MissingTemplatesError if no HTML can be printed, before all else."""
    if not as_html:
        return
    if others:
        raise UsageError("--html prints the report in its own way; leave out --stdout and --json")
    from scheduled.views.page import markup

    markup.require()


def _print_report(session: Session, report: Report, *, as_html: bool) -> None:
    for row in report.ran:
        result = row["result"]
        if not isinstance(result, dict) or not isinstance(result.get("report"), str):
            continue
        text = result["report"]
        if as_html:
            click.echo(_html(session, text).encode("utf-8", "replace"), nl=False)
            continue
        if sys.stdout.isatty():
            from scheduled.views import terminal, wrapping

            text = wrapping.hanging(printable(text), terminal.width())
        click.echo(text)


def _html(session: Session, text: str) -> str:
    from scheduled.ticks import page_file
    from scheduled.views.page import build

    facts = page_file.facts_of(session.config, session.store, session.snapshot(), session.environ)
    return build.report(facts, text)
