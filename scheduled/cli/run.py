"""`scheduled run`: one tick, as cron calls it."""

import contextlib

import click

from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.cli.tick_report import run_and_print
from scheduled.config.load import Config
from scheduled.config.lookup import check_only
from scheduled.errors import ConfigError, ScheduledError
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.report import Exit
from scheduled.ticks.simulation import preview


@click.command()
@click.option(
    "--only", multiple=True, metavar="JOB|tag:TAG", help="Only these of the due jobs; repeatable."
)
@click.option(
    "--force", is_flag=True, help="Run jobs that are not due, too; disabled jobs are not run."
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
    check_only(_config(session), only)
    if dry_run:
        return _preview(session, request or RunRequest(), as_json=as_json)
    return run_and_print(session, request, as_json=as_json).exit_code


def _config(session: Session) -> Config:
    """Return the configuration, or raise ConfigError that also says what its problems mean."""
    try:
        return session.config
    except ConfigError as error:
        remarks: list[str] | None = []
        if session.is_tick:
            _note_unread(session)
            from scheduled.cli import unread

            remarks = unread.remarks(session, error)
        if remarks is None:
            raise click.exceptions.Exit(error.exit_code) from error
        meaning = "No job runs until that is fixed."
        raise ConfigError([*error.problems, meaning, *remarks]) from error


def _note_unread(session: Session) -> None:
    """Note in the state that a tick came, if it is certainly the state of this root and host."""
    from scheduled.config import ownership, paths
    from scheduled.state import heartbeat, ticks_in_vain

    with contextlib.suppress(ScheduledError, OSError):
        places = paths.find(session.path_options)
        if ownership.is_known_owner(places, session.environ):
            ticks_in_vain.note(places.state_dir, heartbeat.read_clocks(session.now))


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
