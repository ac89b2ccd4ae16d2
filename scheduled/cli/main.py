"""The command line as a whole: global options, the table of commands, the error door.

A command is imported when it is called, from the file of its name.
Every expected error leaves through `main` as one message and an exit code.
"""

import contextlib
from importlib import import_module
from typing import Any

import click

from scheduled.cli import global_options
from scheduled.cli.context import Session, complain
from scheduled.cli.groups import Group
from scheduled.errors import ConfigError, ScheduledError, StateError
from scheduled.system import streams
from scheduled.system.text import one_line
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
    "simulate": "simulate:simulate",
    "why": "why:why",
    "history": "history:history",
    "logs": "logs:logs",
    "stats": "stats:stats",
    "check": "check:check",
    "metrics": "metrics:metrics",
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
READER_GONE = 141
"""What a shell reports for a program that wrote into a pipe nobody reads: 128 and SIGPIPE."""


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
    streams.complete()
    session = Session(arguments=arguments)
    try:
        code = _called(session)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        code = _refused(error)
    except (click.Abort, KeyboardInterrupt):
        streams.end()
        code = 130
    except (BrokenPipeError, SystemExit):  # click makes the latter of the former
        code = READER_GONE
    except ScheduledError as error:
        if _is_news(session, error):
            complain(str(error))
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, reported as one
        code = 1 if isinstance(error, OSError) and _is_output_lost() else _bug(error)
    if _is_output_lost() and code == 0:
        code = 1
    return code


def _called(session: Session) -> int:
    result = group.main(
        args=session.arguments,
        prog_name="scheduled",
        standalone_mode=False,
        obj=session,
        color=None if session.color else False,
    )
    session.tell_subscribers()
    return _mended(session, result if isinstance(result, int) else 0)


def _mended(session: Session, code: int) -> int:
    """Say what was damaged where the command has just mended it, for no tick will find it any more.

    Returns the exit code.
    """
    store = session.__dict__.get("store")  # if the command has asked for it
    if store is None or not store.has_written or not store.recovered:
        return code
    for sentence in store.recovered:
        complain(one_line(sentence))
    with contextlib.suppress(ScheduledError):
        from scheduled.ticks import data_loss

        data_loss.record_recovered(store, session.config, session.now)
    return code or StateError.exit_code


def _is_output_lost() -> bool:
    """Whether what was printed cannot be written; says so on what there is left to say it on."""
    reason = streams.lost()
    if reason:
        complain(f"output could not be written: {reason}")
    return bool(reason)


def _refused(error: click.ClickException) -> int:
    with contextlib.suppress(OSError):
        error.show()
    return error.exit_code


def _is_news(session: Session, error: ScheduledError) -> bool:
    """Return whether to print why a command ended: cron's ticks do not repeat it each minute.

    What is wrong with the configuration only gets here to be printed.
    """
    if not session.is_tick or isinstance(error, ConfigError):
        return True
    from scheduled.cli import refusals

    return refusals.is_error_news(session, error)


def _bug(error: Exception) -> int:
    what: Any = str(error) or type(error).__name__
    complain(
        f"this is a bug in scheduled, not in your setup: {type(error).__name__}: "
        f"{what}\n{_details(error)}; please attach them to a bug report."
    )
    return 1


def _details(error: Exception) -> str:
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="scheduled-bug-", suffix=".log", delete=False, encoding="utf-8"
        ) as stream:
            traceback.print_exception(error, file=stream)
    except OSError:  # no space, or nowhere to write
        return "Details:\n" + "".join(traceback.format_exception(error)).rstrip()
    return f"Details are in {stream.name}"
