"""What can come next on a command line that is being typed, for the scripts of `completion`.

`scheduled __complete SHELL ...` prints it, a line each, and nothing if anything goes wrong: no
configuration, no state, a word that makes no sense. What the shell puts into its line is quoted
there, so that a name is never run, whatever it is: by this for bash, by zsh and fish themselves.
"""

import re
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem, ShellComplete

from scheduled.cli import names
from scheduled.cli.bash_line import BashLine
from scheduled.cli.context import Session
from scheduled.system import streams
from scheduled.system.text import one_line

COMMAND = "__complete"
"""The first word of a command line that asks for completion."""
_FILES = {"file": ":file", "dir": ":dir"}


def run(group: click.Group, arguments: Sequence[str]) -> int:
    """Print what may come next of a group; `arguments` are the shell, and what has been typed.

    That is the line up to the cursor and COMP_WORDBREAKS for bash, and for others the words.
    """
    session = Session(quiet=True)
    try:
        lines = _lines(group, session, *arguments)
        if lines:
            streams.echo("\n".join(lines))
    except (Exception, SystemExit):  # noqa: BLE001 - a message would end up in what is typed
        return 1
    return 0


def _lines(group: click.Group, session: Session, shell: str, *typed: str) -> list[str]:
    if shell != "bash":
        *words, last = typed
        items = _items(group, session, words[1:], _unquoted(last) if shell == "fish" else last)
        return [_line(item) for item in items]
    line, breaks = typed
    bash = BashLine(line, breaks)
    if not bash.words:  # the program itself
        return []
    items = _items(group, session, bash.words[1:], bash.last)
    special = [_FILES[item.type] for item in items if item.type in _FILES]
    values = [bash.written(item.value) for item in items if item.type not in _FILES]
    if values and all(item.value.endswith("=") for item in items):
        special.append(":nospace")
    return [*special, *(value for value in values if value is not None)]


def _items(
    group: click.Group, session: Session, words: list[str], last: str
) -> "list[CompletionItem[str]]":
    """Return what may stand in the place of the last word."""
    names.know(group, words)
    asked = ShellComplete(group, {"obj": session}, "scheduled", "")
    items = asked.get_completions(words, last)
    option = re.match(r"--[a-z-]+=", last)
    for item in items:
        if option and item.type not in _FILES:
            item.value = option[0] + item.value
    return [item for item in items if item.value.isprintable() or item.type in _FILES]


def _line(item: "CompletionItem[str]") -> str:
    if item.type in _FILES:
        return _FILES[item.type]
    return f"{item.value}\t{one_line(item.help or '', 80)}"


def _unquoted(word: str) -> str:
    """Return a word of fish without backslashes, or without the quote that has been opened."""
    if word[:1] in ("'", '"'):
        return word[1:].removesuffix(word[0])
    return re.sub(r"\\(.)", r"\1", word)
