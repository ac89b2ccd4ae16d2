"""The commands and their options, from `cli/`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import click

from docs.declared.tables import code, plain, table
from scheduled.cli import help_text
from scheduled.cli.main import ALIASES, SECTIONS, group


def context_of(name: str) -> click.Context:
    """Return the context of a command by what is typed, `cron install`."""
    context = group.make_context("scheduled", [], resilient_parsing=True)
    for word in name.split():
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        assert command is not None, name
        context = click.Context(command, info_name=word, parent=context)
    return context


def _list(_: str) -> list[str]:
    """Return the commands by the headings of help, each with a link to its section."""
    return [
        f"- {heading}: {', '.join(f'[{name}](#{_anchor(name)})' for name in typed(names))}"
        for heading, names in SECTIONS.items()
    ]


def typed(names: Iterable[str]) -> Iterator[str]:
    """Yield what is typed for each command below these names, without the aliases."""
    for name in (name for name in names if name not in ALIASES):
        context = context_of(name)
        command = context.command
        if not isinstance(command, click.Group):
            yield name
            continue
        if command.invoke_without_command:
            yield name
        yield from (f"{name} {child}" for child in command.list_commands(context))


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _options(of: str) -> list[str]:
    """Return the options of a command; without one, those of the program."""
    name, _, apart = of.partition(" without those of ")
    context = context_of(name if name != "the program" else "")
    left_out = {opt for opt, _ in help_text.options(context_of(apart))} if apart else set()
    rows = [
        (_spelled(names), plain(meaning))
        for names, meaning in help_text.options(context)
        if names not in left_out and (context.parent is None or "--help" not in names)
    ]
    return table(("option", "meaning"), rows)


def has_options(name: str) -> bool:
    """Return whether a command has options of its own."""
    return any("--help" not in names for names, _ in help_text.options(context_of(name)))


def _spelled(names: str) -> str:
    if "--help" in names:
        names = "-h, --help"
    return ", ".join(map(code, re.split(", | / ", names)))


PARTS: Mapping[str, Callable[[str], list[str]]] = {
    "commands": _list,
    "options": _options,
}
