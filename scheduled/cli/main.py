"""The command line as a whole: global options and the table of commands.

A command is imported when it is called, from the file of its name.
"""

import contextlib
from importlib import import_module

import click

from scheduled.cli import door, global_options
from scheduled.cli.context import Session
from scheduled.cli.groups import Group
from scheduled.version import __version__

COMMANDS = {
    "run": "run:run",
    "daily-report": "daily_report:daily_report",
    "trigger": "trigger:trigger",
    "status": "status:status",
    "list": "list:list_jobs",
    "ls": "list:list_jobs",
    "show": "show:show",
    "next": "next:next_runs",
    "projects": "projects:projects",
    "simulate": "simulate:simulate",
    "why": "why:why",
    "history": "history:history",
    "logs": "logs:logs",
    "stats": "stats:stats",
    "branches": "branches:branches",
    "check": "check:check",
    "metrics": "metrics:metrics",
    "page": "page:page",
    "telemetry": "telemetry:telemetry",
    "events": "events:events",
    "incidents": "incidents:incidents",
    "ack": "ack:ack",
    "create": "create:create",
    "update": "update:update",
    "delete": "delete:delete",
    "enable": "enable:enable",
    "disable": "disable:disable",
    "pause": "pause:pause",
    "resume": "resume:resume",
    "skip": "skip:skip",
    "defer": "defer:defer",
    "cancel": "cancel:cancel",
    "dead-letter": "dead_letter:dead_letter",
    "config": "config:config",
    "cron": "cron:cron",
    "state": "state:state",
    "doctor": "doctor:doctor",
    "notify": "notify:notify",
    "handlers": "handlers:handlers",
}
"""Each command's file in this folder, and its name there; in the order in which help lists it."""
ALIASES = ("ls",)


class Commands(Group):
    """The commands of the table, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, aliases left out."""
        return [name for name in COMMANDS if name not in ALIASES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = _imported(COMMANDS[cmd_name])
        global_options.accept(command)
        return command


def _imported(place: str) -> click.Command:
    module, _, name = place.partition(":")
    command: click.Command = getattr(import_module(f"scheduled.cli.{module}"), name)
    return command


@click.group(
    cls=Commands,
    params=global_options.create(),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--list", "listing", is_flag=True, help="List the jobs, as `list` does.")
@click.option("--once", is_flag=True, help="Run every enabled job now; JSON keyed by job.")
@click.version_option(__version__, prog_name="scheduled")
@click.pass_context
def group(ctx: click.Context, *, listing: bool, once: bool) -> int | None:
    """Cron with a memory: catch-up, locks, history and no daemon.

    System cron calls `scheduled run`; it does what is due and what was missed, and exits. Global
    options work before and after the command.
    """
    ctx.ensure_object(Session)
    if ctx.invoked_subcommand is not None:
        return None
    if listing or once:
        code: int | None = ctx.invoke(_imported("list:list_tasks" if listing else "once:once"))
        return code
    click.echo(ctx.get_help())
    return 0


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; what goes wrong becomes a message and an exit code."""
    session = Session(arguments=arguments)
    return door.call(session, lambda: _called(session))


def _called(session: Session) -> int:
    try:
        result = group.main(
            args=session.arguments,
            prog_name="scheduled",
            standalone_mode=False,
            obj=session,
            color=None if session.color else False,
        )
    except click.exceptions.Exit as leaving:
        raise door.EndedError(leaving.exit_code) from None
    except click.ClickException as error:
        raise door.EndedError(_refused(error)) from None
    except click.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else 0


def _refused(error: click.ClickException) -> int:
    with contextlib.suppress(OSError):
        error.show()
    return error.exit_code
