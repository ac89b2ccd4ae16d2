"""Tables in Markdown."""

import re
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    return [_line(heads), "|---" * len(heads) + "|", *map(_line, rows)]


def code(text: str) -> str:
    """Return a text as code, as it has to be written within a table."""
    return f"`{text}`".replace("|", "\\|")


def plain(text: str) -> str:
    """Return a text, code in it aside, as it is written in a table to be read as it is."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else _escaped(part) for part in parts)


def _escaped(text: str) -> str:
    return re.sub(r"([<>*|\[\]])", r"\\\1", text)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")
