"""Text wrapped for a terminal: between words, and inside one only if it is wider than the line.

Widths are those of a terminal's cells. What is wrapped came from elsewhere and is never markup.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from scheduled.quick_classes import NamedTuple
from scheduled.system.text import one_line

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

MORE = "..."
LONGEST = 4000
"""So many characters of a text are looked at; nobody reads more in a terminal."""
_WORD = re.compile(
    r"\S*\d{4}-\d\d-\d\d \d\d:\d\d\S*|\(?\d[\d.]* (?:d|h|min|s|%|B|[kMGT]i?B)(?!\w)\S*|\S+"
)
"""A word; a date with its time, and a number with its unit, are one as well."""
_BEGIN = re.compile(r" *(?:[-*] |\| ?)?")
_FOLDERS = re.compile(r"[^/]*/+|[^/]+")
_PARTS = re.compile(r"[^\s/\\,;:=&?@_.-]*[/\\,;:=&?@_.-]+|[^\s/\\,;:=&?@_.-]+")
"""What a word is made of that is wider than a line: the parts of a path, an address, a name."""


def wrapped(text: str, width: int, most: int = 0) -> list[str]:
    """Return `text` in lines of at most `width` cells; after `most` lines the rest is cut off."""
    width = max(width, 2)  # a character may be two cells wide
    if cell_len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in _WORD.findall(text):
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width)
        lines += full
    lines.append(line)
    return _cut(lines, width, most) if 0 < most < len(lines) else lines


def hanging(text: str, width: int) -> str:
    """Return lines wrapped one by one; what is wrapped keeps the indent and the bar of its line."""
    return "\n".join(itertools.chain.from_iterable(_hung(line, width) for line in text.split("\n")))


def _hung(line: str, width: int) -> Iterator[str]:
    if cell_len(line) <= width:
        yield line
        return
    found = _BEGIN.match(line)
    begin = found[0] if found else ""
    for part in wrapped(line[len(begin) :], width - len(begin)):
        yield begin + part
        begin = begin.replace("-", " ").replace("*", " ")


def _cut(lines: Sequence[str], width: int, most: int) -> list[str]:
    """Return the first lines, of which the last says that there is more."""
    last = lines[most - 1]
    while last and cell_len(last) + len(MORE) + 1 > width:
        last = last.rpartition(" ")[0]
    last = f"{last} {MORE}" if last else shortened(lines[most - 1] + MORE, width)
    return [*lines[: most - 1], last]


def shortened(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, its end replaced by `...` if it is wider."""
    if cell_len(text) <= width:
        return text
    first, _ = _split(text, max(width - len(MORE), 1))
    return f"{first}{MORE}"


def padded(text: str, width: int) -> str:
    """Return `text` with blanks up to `width` cells."""
    return text + " " * (width - cell_len(text))


def _pieces(word: str, width: int) -> list[str]:
    """Return a word in pieces that fit, broken behind punctuation where there is any."""
    if cell_len(word) <= width:
        return [word]
    pieces = [""]
    for part in _parts(word, width):
        if cell_len(pieces[-1] + part) <= width:
            pieces[-1] += part
            continue
        rest = part
        while cell_len(rest) > width:
            first, rest = _split(rest, width)
            pieces.append(first)
        pieces.append(rest)
    return [piece for piece in pieces if piece]


def _parts(word: str, width: int) -> Iterator[str]:
    """Yield the parts of a word: of a path its folders, where they fit."""
    for folder in _FOLDERS.findall(word):
        yield from [folder] if cell_len(folder) <= width else _PARTS.findall(folder)


def _split(text: str, width: int) -> tuple[str, str]:
    """Return as much of `text` as fits, at least a character, and the rest.

    What has no width of its own stays with the character before it.
    """
    total = 0
    for number, character in enumerate(text):
        total += cell_len(character)
        if total > width and number:
            return text[:number], text[number:]
    return text, ""


class Paragraph:
    """A text wrapped between words, with `indent` blanks before each line."""

    def __init__(
        self, text: str, indent: int = 0, *, first: str = "", most: int = 0, hang: int = 0
    ) -> None:
        """Begin with `first`, as a list does with `- `; further lines hang below the text.

        They are indented by `hang` more.
        """
        self._text, self._most = one_line(text, LONGEST), most
        self._indent, self._first, self._hang = indent, first, hang

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the lines for a terminal."""
        begin = " " * self._indent + self._first
        hang = " " * (cell_len(begin) + self._hang)
        for line in wrapped(self._text, options.max_width - len(hang), self._most):
            yield _line(begin + line)
            begin = hang


class Fact(NamedTuple):
    """A name and what is to be said, in one or more paragraphs."""

    name: str
    texts: Sequence[str]


class Facts:
    """Names and their values below each other; long values are wrapped within their column."""

    def __init__(self, facts: Iterable[Fact], indent: int = 2, most: int = 0) -> None:
        self._facts = [
            Fact(fact.name, [text for text in fact.texts if text])
            for fact in facts
            if any(fact.texts)
        ]
        self._indent, self._most = indent, most

    def __bool__(self) -> bool:
        return bool(self._facts)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the lines for a terminal."""
        column = max((cell_len(fact.name) for fact in self._facts), default=0) + 2
        margin = " " * self._indent
        room = options.max_width - self._indent - column
        for fact in self._facts:
            name = padded(fact.name, column)
            if _longest_word(fact.texts) > room:  # words stand whole below their name
                yield _line(margin, (name.rstrip(), "bold"))
                for line in self._lines(fact, options.max_width - self._indent - 2):
                    yield _line(f"{margin}  {line}")
                continue
            for line in self._lines(fact, room):
                yield _line(margin, (name, "bold"), line)
                name = " " * column

    def _lines(self, fact: Fact, room: int) -> Iterator[str]:
        for text in fact.texts:
            yield from wrapped(one_line(text, LONGEST), room, self._most)


def _longest_word(texts: Iterable[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _line(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="ignore")
