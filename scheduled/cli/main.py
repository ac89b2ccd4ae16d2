"""The command line as a whole: global options and the table of commands.

A command is imported when it is called, from the file of its name.
"""

import contextlib
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

from scheduled.cli import door, global_options
from scheduled.cli.context import Session, complain
from scheduled.cli.groups import Group
from scheduled.version import __version__

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Run jobs": {
        "run": "run:run",
        "daily-report": "daily_report:daily_report",
        "trigger": "trigger:trigger",
    },
    "Look": {
        "status": "status:status",
        "list": "list:list_jobs",
        "ls": "list:list_jobs",
        "show": "show:show",
        "next": "next:next_runs",
        "why": "why:why",
        "history": "history:history",
        "logs": "logs:logs",
        "stats": "stats:stats",
        "branches": "branches:branches",
        "projects": "projects:projects",
        "simulate": "simulate:simulate",
        "page": "page:page",
        "events": "events:events",
        "telemetry": "telemetry:telemetry",
    },
    "Watch": {
        "check": "check:check",
        "metrics": "metrics:metrics",
        "incidents": "incidents:incidents",
        "ack": "ack:ack",
        "doctor": "doctor:doctor",
        "executors": "executors:executors",
        "notify": "notify:notify",
    },
    "Change": {
        "create": "create:create",
        "update": "update:update",
        "edit": "edit:edit",
        "delete": "delete:delete",
        "enable": "enable:enable",
        "disable": "disable:disable",
        "pause": "pause:pause",
        "resume": "resume:resume",
        "skip": "skip:skip",
        "defer": "defer:defer",
        "cancel": "cancel:cancel",
        "dead-letter": "dead_letter:dead_letter",
    },
    "Set up": {
        "config": "config:config",
        "cron": "cron:cron",
        "state": "state:state",
        "handlers": "handlers:handlers",
        "completion": "completion:completion",
    },
}
"""Each command's file in this folder, and its name there, by the headings of help."""
COMMANDS = {name: place for within in SECTIONS.values() for name, place in within.items()}
ALIASES = ("ls",)


class Commands(Group):
    """The commands of the table, imported one by one."""

    sections = MappingProxyType({heading: (*within,) for heading, within in SECTIONS.items()})

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
    subcommand_metavar="[COMMAND] [ARGS]...",
)
@click.option("--list", "listing", is_flag=True, hidden=True)
@click.option("--once", is_flag=True, hidden=True)
@click.version_option(__version__, prog_name="scheduled", help="Print the version and exit.")
@click.pass_context
def group(ctx: click.Context, *, listing: bool, once: bool) -> int | None:
    """Cron with a memory: catch-up, locks, history and no daemon.

    System cron calls `scheduled run`; it does what is due and what was missed, and exits.

    `scheduled COMMAND --help` explains a command. Global options work before and after it.
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
    if arguments[:1] == ["__complete"]:
        from scheduled.cli import completing

        return completing.run(group, arguments[1:])
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
    from scheduled.cli import wrong_call

    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # a group alone: its help is printed
        with contextlib.suppress(OSError):
            click.echo(error.message, err=True)
    else:
        complain(wrong_call.sentence(error))
    return error.exit_code
