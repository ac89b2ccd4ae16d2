"""Groups of commands, which say what was meant where no command has that name."""

import click

from scheduled.errors import did_you_mean


class Group(click.Group):
    """A group of commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a guess at what was meant."""
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            advice = did_you_mean(args[0], names, f"{ctx.command_path} --help lists them")
            ctx.fail(f"no command is called {args[0]!r}{advice}")
        return super().resolve_command(ctx, args)
