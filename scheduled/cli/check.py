"""`scheduled check`: for monitoring systems that call Nagios plug-ins."""

from collections.abc import Sequence

import click

from scheduled.cli import wrong_call
from scheduled.cli.command import Command, command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.when import length
from scheduled.config import ownership
from scheduled.errors import ConfigError, ScheduledError, UsageError
from scheduled.state import owner
from scheduled.views import check as checks
from scheduled.views import status as status_view
from scheduled.views.check import Check, Status


class PluginCommand(Command):
    """A command whose exit code is a status even if it was called wrongly."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it; 2 would say that something is critical."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            click.echo(checks.failed(Status.UNKNOWN, wrong_call.sentence(error)).line())
            ctx.exit(Status.UNKNOWN)


@command(cls=PluginCommand)
@click.argument("job", nargs=-1)
@click.option(
    "--max-age",
    metavar="TIME",
    help="Critical if a JOB has not succeeded for so long: 26h, 8 days.",
)
@json_option
@click.pass_obj
def check(session: Session, job: tuple[str, ...], max_age: str | None, *, as_json: bool) -> int:
    """Check the scheduler, or single jobs, for a monitoring system.

    Prints one line with performance data. Exit codes are those of a Nagios plug-in: 0 OK,
    1 WARNING, 2 CRITICAL, 3 UNKNOWN, for example a JOB that does not exist.
    """
    try:
        result = _checked(session, job, max_age)
    except ConfigError as error:  # no job runs
        result = checks.failed(Status.CRITICAL, f"configuration: {'; '.join(error.problems)}")
    except ScheduledError as error:
        result = checks.failed(Status.UNKNOWN, str(error))
    if as_json:
        print_json(result.document())
    elif session.is_terminal:
        from scheduled.views.wrapping import Paragraph

        show(session, Paragraph(result.line(), hang=2))
    else:  # a monitoring system reads one line
        click.echo(result.line())
    return result.status


def _checked(session: Session, names: Sequence[str], max_age: str | None) -> Check:
    if max_age is not None and not names:
        raise UsageError("--max-age is about jobs: name at least one")
    limit = length("--max-age", max_age) if max_age is not None else None
    session.tells_owner = False  # the result does
    store = session.store
    owner.claim(store.state_dir, store.state, ownership.reader(session.config, session.now))
    snapshot = session.snapshot()
    if names:
        return checks.of_jobs(snapshot, names, limit)
    return checks.of_scheduler(snapshot, status_view.problems(snapshot))
