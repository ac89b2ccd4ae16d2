"""Text of ours in its parts: the Markdown of a report, and what a message says of an incident.

Only what the program itself writes at the beginning of a line counts: names and output stand
behind it, and can begin nothing.
"""

import re
from enum import StrEnum

from scheduled.quick_classes import NamedTuple

MOST_LINES = 400
"""More lines of one text are counted instead: a mail that grows is cut by who shows it."""
_HEADING = re.compile(r"(#{1,3}) (.+)")


class Kind(StrEnum):
    """What a part of a text is."""

    HEADING = "heading"  # of `level`
    ITEM = "item"  # of a list
    SUB_ITEM = "sub_item"  # of a list within it
    PARAGRAPH = "paragraph"
    FACTS = "facts"  # lines about the line before them
    OUTPUT = "output"  # what a program printed


class Part(NamedTuple):
    """Lines of one kind that follow each other."""

    kind: Kind
    lines: tuple[str, ...]
    level: int = 0


class Chapter(NamedTuple):
    """What stands below a heading."""

    title: str
    """Empty for what stands above the first of them."""
    parts: list[Part]


def title(text: str) -> str:
    """Return the heading that a text begins with; '' if it has none."""
    match = _HEADING.fullmatch(text.partition("\n")[0])
    return match[2] if match and len(match[1]) == 1 else ""


def parts(text: str, heading: str = "") -> list[Part]:
    """Return the parts of a text, as Markdown if it begins with a heading.

    That heading is left out, as is a first line that only repeats `heading`.
    """
    first = title(text)
    lines = text.rstrip().split("\n")
    if first or lines[0] == heading:
        lines = lines[1:]
    found: list[Part] = []
    is_apart = True
    for line in lines[:MOST_LINES]:
        if not line.strip():
            is_apart = True
            continue
        part = _markdown(line) if first else _plain(line)
        if found and not is_apart and part.kind is not Kind.HEADING and part.kind == found[-1].kind:
            part = part._replace(lines=found.pop().lines + part.lines)
        found.append(part)
        is_apart = False
    more = len(lines) - MOST_LINES
    if more > 0:
        found.append(Part(Kind.PARAGRAPH, (f"And {more} more lines.",)))
    return found


def chapters(text: str) -> list[Chapter]:
    """Return a text of Markdown by its headings of the second level."""
    found = [Chapter("", [])]
    for part in parts(text):
        if part.kind is Kind.HEADING and part.level == 2:
            found.append(Chapter(part.lines[0], []))
        else:
            found[-1].parts.append(part)
    return [chapter for chapter in found if chapter.title or chapter.parts]


def _markdown(line: str) -> Part:
    if match := _HEADING.fullmatch(line):
        return Part(Kind.HEADING, (match[2],), len(match[1]))
    for kind, bullet in ((Kind.ITEM, "- "), (Kind.SUB_ITEM, "  - ")):
        if line.startswith(bullet):
            return Part(kind, (line.removeprefix(bullet),))
    return Part(Kind.PARAGRAPH, (line,))


def _plain(line: str) -> Part:
    if line.startswith("  | "):
        return Part(Kind.OUTPUT, (line[4:],))
    if line.startswith("  "):
        return Part(Kind.FACTS, (line.strip(),))
    return Part(Kind.PARAGRAPH, (line,))
