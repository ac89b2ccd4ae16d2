"""The help of a command: what it does, its commands, its options, and examples.

It fits the terminal down to forty columns: lines end between words, and nothing is left out.
"""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from scheduled.cli.examples import EXAMPLES

WIDEST = 100
NARROWEST = 40
HELP = "Print this help and exit."
_SHORTEST_RIGHT = 24
"""Columns that the right one of two has at least; else it goes below the left one."""


def page(ctx: click.Context) -> str:
    """Return the help of the command of a context, for the terminal there is."""
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns) - 1)
    return "\n\n".join("\n".join(block) for block in _blocks(ctx, width))


def typed(ctx: click.Context) -> str:
    """Return what is typed to call a command: `cron install`; '' of the program itself."""
    names = []
    while ctx.parent is not None:
        names.append(ctx.command.name or "")
        ctx = ctx.parent
    return " ".join(reversed(names))


def usage(ctx: click.Context) -> str:
    """Return what is typed to call a command without options: `scheduled show JOB`."""
    return " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)[1:]])


def summary(command: click.Command) -> str:
    """Return the first sentence about a command."""
    paragraph = " ".join((command.help or "").split("\n\n")[0].split())
    return paragraph.partition(". ")[0].removesuffix(".") + "."


def paragraphs(command: click.Command) -> list[str]:
    """Return what is said about a command, a line each."""
    return [" ".join(text.split()) for text in (command.help or "").split("\n\n")]


def options(ctx: click.Context) -> list[tuple[str, str]]:
    """Return the options of a command, with what each is for; hidden ones are left out."""
    return [
        (_spelled(param, ctx), _meaning(param))
        for param in ctx.command.get_params(ctx)
        if isinstance(param, click.Option) and param.get_help_record(ctx) is not None
    ]


def commands(ctx: click.Context) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return the commands of a group with their summaries, by heading."""
    group = ctx.command
    if not isinstance(group, click.Group):
        return {}
    names = group.list_commands(ctx)
    sections = getattr(group, "sections", None) or {"Commands": names}
    found = {name: group.get_command(ctx, name) for name in names}
    return {
        heading: [(name, summary(child)) for name in within if (child := found.get(name))]
        for heading, within in sections.items()
    }


def _blocks(ctx: click.Context, width: int) -> Iterator[list[str]]:
    pieces = ctx.command.collect_usage_pieces(ctx)
    yield _wrapped(" ".join(pieces), width, f"Usage: {ctx.command_path} ")
    for text in paragraphs(ctx.command):
        yield _wrapped(text, width, "  ")
    listed = commands(ctx)
    column = _column([row for rows in listed.values() for row in rows])
    for heading, rows in listed.items():
        yield [f"{heading}:", *_rows(rows, width, column)]
    rows = options(ctx)
    yield ["Options:", *_rows(rows, width, _column(rows))]
    if examples := EXAMPLES.get(typed(ctx)):
        yield ["Examples:", *_examples(examples, width)]
    if ctx.command.epilog:
        yield _wrapped(ctx.command.epilog, width, "")


def _column(rows: Iterable[tuple[str, str]]) -> int:
    """Return where the right column begins: beside all of the left one that is not too wide."""
    return max((len(left) for left, _ in rows if len(left) <= 24), default=0) + 4


def _rows(rows: Iterable[tuple[str, str]], width: int, column: int) -> Iterator[str]:
    if width - column < _SHORTEST_RIGHT:
        column = 6
    for left, right in rows:
        begin = f"  {left}"
        if len(begin) + 2 > column:
            yield begin
            begin = ""
        yield from _wrapped(right, width, begin.ljust(column))


def _examples(examples: Iterable[str], width: int) -> Iterator[str]:
    for example in examples:
        line, _, comment = example.partition("  # ")
        if comment and len(example) + 2 > width:
            yield f"  # {comment}"
            yield f"  {line}"
        else:
            yield f"  {example}"


def _spelled(option: click.Option, ctx: click.Context) -> str:
    names = ", ".join(sorted(option.opts, key=lambda name: name.startswith("--")))
    if option.secondary_opts:
        names += f" / {', '.join(option.secondary_opts)}"
    if option.is_flag or option.count:
        return names
    return f"{names} {option.make_metavar(ctx)}"


def _meaning(option: click.Option) -> str:
    if "--help" in option.opts:
        return HELP
    if isinstance(option.type, click.Choice):
        return f"{option.help} One of {', '.join(map(str, option.type.choices))}."
    return option.help or ""


def _wrapped(text: str, width: int, begin: str) -> list[str]:
    """Return a text in lines, the others indented like the beginning; no word is ever split."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [begin.rstrip()]
