"""`scheduled trigger`: run a job now."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.tick_report import print_not_started, run_and_print
from scheduled.config.lookup import find_job
from scheduled.jobs.model import Outcome
from scheduled.state import history
from scheduled.system.text import one_line
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Exit


@command()
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
@changes_state
def trigger(session: Session, job: str, as_json: bool) -> int:
    """Run JOB now. Its schedule does not change.

    On a terminal, what it prints is shown while it runs.
    """
    find_job(session.config, job)
    request = RunRequest(only=(job,), by_hand=True, even_disabled=True, slotless=True)
    report = run_and_print(session, request, as_json=as_json, with_output=True)
    if any(row["outcome"] == Outcome.SUCCEEDED for row in report.rows):
        return report.exit_code
    if not report.rows:
        print_not_started(report)
    for row in report.ran:
        if not history.is_failure(row):
            click.echo(f"{job}: {one_line(row['reason'] or '')}", err=True)
    return report.exit_code or Exit.TEMPORARY
