"""`scheduled run`: one tick, as cron calls it."""

import click

from scheduled.cli import plain_tick
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.door import EndedError
from scheduled.cli.output import print_json
from scheduled.cli.tick_report import run_and_print
from scheduled.config.lookup import check_only
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Exit
from scheduled.ticks.simulation import preview


@command()
@click.option(
    "--only", multiple=True, metavar="JOB|tag:TAG", help="Only these of the due jobs; repeatable."
)
@click.option(
    "--force",
    "--all",
    is_flag=True,
    help="Run jobs that are not due, too; disabled jobs are not run.",
)
@click.option("--dry-run", is_flag=True, help="Print what would run, and why; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def run(session: Session, only: tuple[str, ...], force: bool, dry_run: bool, as_json: bool) -> int:
    """Run what is due, once, and exit. This is what cron calls.

    Exit codes: 0 nothing due or all well, 1 a job failed, 2 usage or configuration error (what
    could run, ran), 3 another process locks the state files, 4 the state was recovered or could
    not be saved, 75 temporarily impossible, 128+n ended by signal n.
    """
    session.is_changing = not dry_run
    request = RunRequest(only=only, by_hand=force) if only or force else None
    session.is_tick = not dry_run and request is None
    try:
        check_only(plain_tick.config(session), only)
    except EndedError as ended:
        raise click.exceptions.Exit(ended.code) from None
    if dry_run:
        return _preview(session, request or RunRequest(), as_json=as_json)
    return run_and_print(session, request, as_json=as_json).exit_code


def _preview(session: Session, request: RunRequest, *, as_json: bool) -> int:
    from scheduled.views import dry_run, terminal

    decisions = preview.decisions(session.config, session.now, request)
    document = dry_run.document(decisions, session.now)
    if as_json:
        print_json(document)
    else:
        terminal.show(*dry_run.page(document, session.now, session.zone), color=session.color)
    for problem in session.config.problems:
        click.echo(f"scheduled: {problem}", err=True)
    return Exit.USAGE if session.config.problems else Exit.OK
