"""The options of the whole program, which every command accepts as well.

`scheduled --root X status` and `scheduled status --root X` are the same. An option that is given
in both places counts where it stands last.
"""

from typing import Any

import click

from scheduled.cli.context import Session

NOTE = "The global options (scheduled --help) work here too."


class GlobalOption(click.Option):
    """An option whose value goes into the session; help lists it only for the program."""

    def __init__(self, *names: str, **attributes: Any) -> None:
        """Accept what click.Option does."""
        super().__init__(names, expose_value=False, callback=_store, **attributes)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return nothing in the help of a command: its epilog mentions the global options."""
        return super().get_help_record(ctx) if ctx.parent is None else None


def create() -> list[click.Parameter]:
    """Return the options, in the order in which help lists them."""
    return [
        GlobalOption(
            "--root",
            metavar="DIR",
            help="Working directory of the jobs (AIPass: the directory with the registry).",
        ),
        GlobalOption("--config", "config_file", metavar="FILE", help="The configuration file."),
        GlobalOption(
            "--state-dir", metavar="DIR", help="The directory for state, journal and output."
        ),
        GlobalOption("-q", "--quiet", is_flag=True, help="Print errors only."),
        GlobalOption("-v", "--verbose", is_flag=True, help="Print what was done, also under cron."),
        GlobalOption(
            "--no-color",
            is_flag=True,
            help="No colors; NO_COLOR in the environment does the same.",
        ),
    ]


def accept(command: click.Command) -> None:
    """Have a command, and those below it, accept the global options."""
    if not any(isinstance(param, GlobalOption) for param in command.params):
        command.params += create()
        command.epilog = command.epilog or NOTE
    if isinstance(command, click.Group):
        for child in command.commands.values():
            accept(child)


def _store(ctx: click.Context, option: click.Parameter, value: str | bool | None) -> None:
    """Put the value of an option that was given into the session."""
    if value is None or value is False:
        return
    session = ctx.ensure_object(Session)
    if option.name == "no_color":
        session.color = False
        ctx.color = False
    else:
        assert option.name is not None
        setattr(session, option.name, value)
