"""The command line as a whole: global options, the table of commands, the error door.

A command is imported when it is called, and its file is named after the group it belongs to.
Every error of ours leaves through `main` as one message and an exit code.
"""

import difflib
import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from scheduled import __version__
from scheduled.cli.session import Session
from scheduled.errors import ScheduledError

COMMANDS = {
    "run": "tick:run",
    "daily-report": "tick:daily_report",
    "trigger": "tick:trigger",
    "status": "look:status",
    "list": "look:list_jobs",
    "ls": "look:list_jobs",
    "show": "look:show",
    "next": "look:next_slots",
    "history": "look:history",
    "logs": "look:logs",
    "enable": "change:enable",
    "disable": "change:disable",
    "config": "config:config",
    "cron": "cron:cron",
}
"""Each command's file in this folder, and its name there; in the order in which help lists it."""
ALIASES = ("ls",)


class Commands(click.Group):
    """The commands of the table, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, aliases left out."""
        return [name for name in COMMANDS if name not in ALIASES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"scheduled.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a guess at what was meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            advice = f"did you mean {near[0]}?" if near else "scheduled --help lists them"
            ctx.fail(f"no command is called {args[0]!r}; {advice}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--root", metavar="DIR", help="The ecosystem's home: where its registry lies.")
@click.option("--config", "config_file", metavar="FILE", help="The configuration file.")
@click.option("--state-dir", metavar="DIR", help="Where state, journal and output are kept.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was done, also under cron.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR in the environment does too.")
@click.option("--list", "listing", is_flag=True, help="List the jobs, as `list` does.")
@click.option("--once", is_flag=True, help="Run every enabled job now; JSON keyed by job.")
@click.version_option(__version__, prog_name="scheduled")
@click.pass_context
def group(
    ctx: click.Context,
    root: str | None,
    config_file: str | None,
    state_dir: str | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    listing: bool,
    once: bool,
) -> int | None:
    """Cron with a memory: catch-up, locks, history and no daemon.

    System cron calls `scheduled run`; it does what is due and what was missed, and exits.
    """
    color = not no_color and not os.environ.get("NO_COLOR")
    ctx.color = None if color else False
    ctx.obj = Session(root, config_file, state_dir, quiet, verbose, color, arguments=_typed(ctx))
    if ctx.invoked_subcommand is not None:
        return None
    if listing or once:
        command = "look:listing" if listing else "tick:once"
        module, _, name = command.partition(":")
        chosen: click.Command = getattr(import_module(f"scheduled.cli.{module}"), name)
        code: int | None = ctx.invoke(chosen)
        return code
    click.echo(ctx.get_help())
    return 0


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; what goes wrong becomes a message and an exit code."""
    try:
        result = group.main(args=arguments, prog_name="scheduled", standalone_mode=False, obj=None)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ScheduledError as error:
        click.echo(f"scheduled: {error}", err=True)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last door: a bug of ours, told as one
        return _bug(error)
    return result if isinstance(result, int) else 0


def _typed(ctx: click.Context) -> list[str]:
    """The command line, for the hint of an idle tick."""
    typed: list[str] = ctx.meta.get("scheduled.arguments", sys.argv[1:])
    return typed


def _bug(error: Exception) -> int:
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w", prefix="scheduled-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as stream:
        traceback.print_exception(error, file=stream)
    what: Any = str(error) or type(error).__name__
    click.echo(
        f"scheduled: this is a bug in scheduled, not in your set-up: {type(error).__name__}: "
        f"{what}\nThe details are in {stream.name}; please send them with a report.",
        err=True,
    )
    return 1
