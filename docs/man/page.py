"""scheduled(1): commands, options and examples as help has them; files and variables as the manual.

The file stands in the repository, so that a package can be built without what the program needs.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from docs.declared import words
from docs.declared.commands import context_of, typed
from scheduled.cli import help_text
from scheduled.cli.examples import EXAMPLES
from scheduled.cli.main import SECTIONS
from scheduled.version import __version__

HERE = Path(__file__).parent
FILE = HERE / "scheduled.1"
DATE = "2026-11-30"
"""Of the version of the text, which readers of man pages want at its foot."""
REFERENCE = HERE.parent / "reference"


def text() -> str:
    """Return the page, in the language of man(7)."""
    return "\n".join([*_head(), *_commands(), *_tables(), *_foot()]) + "\n"


def _head() -> Iterator[str]:
    program = context_of("")
    about, *more = help_text.paragraphs(program.command)
    yield '.\\" Made by `make man`; changes belong into what it is made from.'
    yield f'.TH SCHEDULED 1 {DATE} "scheduled {__version__}" "User Commands"'
    yield from (".SH NAME", f"scheduled \\- {roff(about.rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B scheduled", ".RI [ OPTIONS ]", ".I COMMAND", ".RI [ ... ]")
    yield ".SH DESCRIPTION"
    for number, paragraph in enumerate(more):
        yield from ([".PP"] if number else [])
        yield from _filled(paragraph)
    yield ".SH OPTIONS"
    yield from _options(program)


def _commands() -> Iterator[str]:
    for heading, names in SECTIONS.items():
        yield f'.SH "COMMANDS: {heading.upper()}"'
        for name in typed(names):
            context = context_of(name)
            pieces = context.command.collect_usage_pieces(context)
            yield f".SS {_quoted(f'scheduled {name}')}"
            yield f".B {roff(f'scheduled {name}')}"
            yield from ([f".RI {_quoted(' '.join(pieces))}"] if pieces else [])
            for paragraph in help_text.paragraphs(context.command):
                yield from (".PP", *_filled(paragraph))
            yield from _options(context)
            if lines := EXAMPLES.get(name):
                yield from (".PP", ".EX", *(roff(line) for line in lines), ".EE")


def _options(context: click.Context) -> Iterator[str]:
    for names, meaning in help_text.options(context):
        if context.parent is None or "--help" not in names:
            yield from (".TP", f".B {roff(names)}", *_filled(meaning))


def _tables() -> Iterator[str]:
    yield from (".SH EXIT STATUS", "Of a tick,", '.BR "scheduled run" :')
    for code, meaning in _rows("\n".join(words.PARTS["exit codes"](""))):
        yield from (".TP", f".B {roff(code)}", *_filled(meaning))
    yield from (".PP", "Other commands exit with 0, or with the code above that fits.")
    for title, page in (("ENVIRONMENT", "environment"), ("FILES", "files")):
        yield f".SH {title}"
        section = (REFERENCE / f"{page}.md").read_text()
        if page == "files":
            section = section.partition("## Where things are")[2].partition("\n## ")[0]
        for name, *cells in _rows(section):
            yield from (".TP", f".B {roff(name)}", *_filled("; ".join(filter(None, cells))))


def _foot() -> Iterator[str]:
    yield from (".SH EXAMPLES", ".EX", *(roff(line) for line in EXAMPLES[""]), ".EE")
    yield from (".SH SEE ALSO", ".BR crontab (1),", ".BR crontab (5),", ".BR cron (8),")
    yield ".BR systemd.timer (5)"


def _rows(markdown: str) -> Iterator[list[str]]:
    """Yield the cells of the tables, without their heads and without Markdown."""
    for line in re.findall(r"^\|(?!---)(.*)\|$", markdown, re.MULTILINE):
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        if not cells[0] or cells[0] in ("code", "variable", "place"):
            continue
        yield [_plain(cell) for cell in cells]


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "")


def _filled(plain: str) -> Iterator[str]:
    """Yield a paragraph in lines that a person can read in the file as well."""
    lines = textwrap.wrap(plain, 64, break_long_words=False, break_on_hyphens=False)
    yield from map(roff, lines)


def roff(plain: str) -> str:
    """Return a line of text as roff reads it."""
    escaped = plain.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    escaped = escaped.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def _quoted(plain: str) -> str:
    return '"' + roff(plain).replace('"', "\\(dq") + '"'
