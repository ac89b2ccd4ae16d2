"""What a command is here, beyond what click has: its own help, and its own words for wrong calls.

`command` makes one of a function; those of a group are made so by the group.
"""

from collections.abc import Callable
from typing import Any

import click

from scheduled.cli import help_text


class OwnWords(click.Command):
    """A command or a group with the help, and the words for mistakes, of this program."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return `-h` and `--help`, in any context: click keeps what the first one said."""
        return ["-h", "--help"]

    def get_help(self, ctx: click.Context) -> str:
        """Return the help that fits the terminal."""
        return help_text.page(ctx)

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002
        """Return the first sentence of the help, which is never cut."""
        return help_text.summary(self)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it; what is wrong is always said of this command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Command(OwnWords):
    """A command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, but for what it says of words that are too many."""
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        rest = super().parse_args(ctx, args)
        ctx.allow_extra_args = allowed
        if rest and not allowed and not ctx.resilient_parsing:
            from scheduled.cli import wrong_call

            ctx.fail(wrong_call.too_many(rest[0], ctx))
        return rest


def command(name: str | None = None, **attributes: Any) -> Callable[..., Command]:
    """Make a function a command, as `click.command` does."""
    return click.command(name, **{"cls": Command, **attributes})
