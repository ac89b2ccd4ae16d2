"""Where tables and pages meet the terminal: width, colour, encoding.

Everything is rendered first and written then, so that a pipe gets no padding, no colours and no
cut ids, and a terminal that cannot show a character gets a `?` and no traceback. JSON does not
come this way: it is printed as it is.
"""

import io
import os
import shutil
import sys
from functools import cache

import click
from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style
from rich.text import Text

from scheduled.views import columns, signs
from scheduled.views.columns import Indented, Paint, Part
from scheduled.views.fitting import isolated

UNBOUNDED = columns.UNBOUNDED
"""The width of what is no terminal."""


def show(*parts: RenderableType | Part, color: bool) -> None:
    """Write the parts to stdout, one below the other; `color` only matters on a terminal."""
    write(text(*parts, color=color))


def text(*parts: RenderableType | Part, color: bool) -> str:
    """Return the parts as they are shown on stdout."""
    has_colors = sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    return rendered(*parts, width=width(), color=color and has_colors)


def write(text: str) -> None:
    """Write rendered text to stdout, in what its reader can show."""
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(signs.encodable(text, encoding, os.environ), nl=False, color=sys.stdout.isatty())


def size() -> tuple[int, int]:
    """Return how many columns and lines the terminal has now; it may be resized at any time."""
    found = shutil.get_terminal_size()
    return found.columns, found.lines


def width() -> int:
    """Return how many characters fit on a line of stdout.

    A pipe has no width unless `COLUMNS` is in the environment, as below `watch`.
    """
    if sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() and 0 < int(given) < UNBOUNDED else UNBOUNDED


def rendered(*parts: RenderableType | Part, width: int, color: bool) -> str:
    """Return the parts as text, without blanks at the ends of lines."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        no_color=not color,
        markup=False,
        highlight=False,
        emoji=False,
    )
    assert isinstance(console.file, io.StringIO)
    paint = _paint if color and console.color_system else None
    for part in parts:
        if isinstance(part, Text):
            for line in part.split("\n", allow_blank=True):
                console.file.write(Indented(line, "").text(width, paint))
        elif isinstance(part, Part):
            console.file.write(part.text(width, paint))
        else:
            console.print(part)
    drawn = console.file.getvalue()
    if width < UNBOUNDED:
        drawn = isolated(drawn)
    return "".join(f"{line.rstrip()}\n" for line in drawn.split("\n")[:-1])


def _painter() -> Paint:
    """Return what writes a text in one of our few styles, which every terminal with colours has."""
    style = cache(Style.parse)
    return lambda name, text: style(name).render(text, color_system=ColorSystem.STANDARD)


_paint = _painter()
