"""Groups of commands, which say what was meant where no command has that name."""

from collections.abc import Mapping, Sequence

import click

from scheduled.cli.command import Command, OwnWords


class Group(OwnWords, click.Group):
    """A group of commands."""

    command_class = Command
    sections: Mapping[str, Sequence[str]] = {}
    """The names of its commands by the headings of help; empty: they have one heading."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a guess at what was meant."""
        is_name = args and not args[0].startswith("-")
        if is_name and self.get_command(ctx, args[0]) is None:
            from scheduled.cli import wrong_call

            ctx.fail(wrong_call.unknown_command(args, self.list_commands(ctx), ctx))
        return super().resolve_command(ctx, args)
