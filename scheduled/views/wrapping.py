"""Sentences, lists and named values for a terminal of any width; lines of a block, wrapped.

What stands in them came from elsewhere and is never markup.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from scheduled.quick_classes import NamedTuple
from scheduled.system.text import one_line
from scheduled.views.columns import UNBOUNDED, Paint
from scheduled.views.fitting import longest_word, padded, wrapped

LONGEST = 4000
"""So many characters of a text are looked at; nobody reads more in a terminal."""
_BEGIN = re.compile(r" *(?:[-*] |\| ?)?")


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


class Paragraph:
    """A text wrapped between words, with `indent` blanks before each line."""

    def __init__(
        self, text: str, indent: int = 0, *, first: str = "", most: int | None = None, hang: int = 0
    ) -> None:
        """Begin with `first`, as a list does with `- `; further lines hang below the text.

        They are indented by `hang` more.
        """
        self._text, self._most = one_line(text, LONGEST), most
        self._indent, self._first, self._hang = indent, first, hang

    def text(self, width: int, paint: Paint | None = None) -> str:  # noqa: ARG002 - as of any part
        """Return the lines."""
        begin = " " * self._indent + self._first
        hang = " " * (cell_len(begin) + self._hang)
        lines = [self._text]
        if width < UNBOUNDED:
            lines = wrapped(self._text, width - len(hang), self._most)
        return "".join(f"{hang if number else begin}{line}\n" for number, line in enumerate(lines))


class Fact(NamedTuple):
    """A name and what is to be said, in one or more paragraphs."""

    name: str
    texts: Sequence[str]


class Facts:
    """Names and their values below each other; long values are wrapped within their column."""

    def __init__(self, facts: Iterable[Fact], indent: int = 2, most: int | None = None) -> None:
        self._facts = [
            Fact(fact.name, [one_line(text, LONGEST) for text in fact.texts if text])
            for fact in facts
            if any(fact.texts)
        ]
        self._indent, self._most = indent, most

    def __bool__(self) -> bool:
        return bool(self._facts)

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the lines."""
        column = max((cell_len(fact.name) for fact in self._facts), default=0) + 2
        margin, room = " " * self._indent, width - self._indent - column
        found = []
        for fact in self._facts:
            name = padded(fact.name, column)
            label = f"{margin}{paint('bold', name) if paint else name}"
            begin = margin + " " * column
            if width < UNBOUNDED and max(map(longest_word, fact.texts)) > room:
                found.append(label)  # words stand whole below their name
                label = begin = f"{margin}  "
                room_left = width - cell_len(begin)
            else:
                room_left = room if width < UNBOUNDED else width
            for line in self._lines(fact, room_left):
                found.append(f"{label}{line}")
                label = begin
        return "".join(f"{line}\n" for line in found)

    def _lines(self, fact: Fact, room: int) -> Iterator[str]:
        for text in fact.texts:
            yield from [text] if room >= UNBOUNDED else wrapped(text, room, self._most)
