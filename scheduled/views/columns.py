"""Rows in plain columns, which read well in a terminal and in a pipe.

What is too wide for a terminal rich draws and wraps. Where nothing has to be wrapped, it would take
half a millisecond a row to find that out: there the columns are written as they are.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from rich.padding import Padding
    from rich.table import Table

GAP = 2
"""So many blanks follow each column."""
INDENT = 2
"""So many blanks stand before a line below a heading."""
Paint = Callable[[str, str], str]
"""Returns a text in a style."""
Cell = Text | str
"""Text without a style need not be made one: there are tens of thousands of cells."""


class Grid:
    """Rows of cells, each on one line, below headings."""

    def __init__(self, *headings: str, least: dict[int, int] | None = None) -> None:
        """Begin a grid; `least` has the least widths of columns, by their number."""
        self._headings = headings
        self._least = least or {}
        self._rows: list[tuple[Cell, ...]] = []

    def add_row(self, *cells: Cell) -> None:
        """Add a row below the others."""
        self._rows.append(cells)

    def __rich__(self) -> "Table":
        """Return the grid for a terminal."""
        from rich.table import Table

        table = Table(box=None, padding=(0, GAP, 0, 0), header_style="bold")
        for number, heading in enumerate(self._headings):
            # The first says what the line is about; where it is narrow, the others give way.
            table.add_column(
                heading,
                overflow="fold",
                no_wrap=number == 0,
                min_width=self._least.get(number),
            )
        for row in self._rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        return table

    def fits(self, width: int) -> bool:
        """Return whether nothing has to be wrapped."""
        columns = zip(self._headings, *(map(_plain, row) for row in self._rows), strict=True)
        return sum(max(map(cell_len, column)) + GAP for column in columns) <= width

    def text(self, width: int, paint: Paint | None = None) -> str | None:
        """Return the grid as text, in colours by `paint`; None if only rich can draw it so wide.

        How characters join that have no width of their own, rich alone knows.
        """
        rows = [self._headings, *(map(_plain, row) for row in self._rows)]
        columns = [*zip(*rows, strict=True)]
        lengths = [_lengths(column) for column in columns]
        padded, total = [], 0
        for number, (column, taken) in enumerate(zip(columns, lengths, strict=True)):
            if taken is None:
                return None
            full = max(self._least.get(number, 0), *taken) + GAP
            total += full
            padded.append(
                [cell + " " * (full - length) for cell, length in zip(column, taken, strict=True)]
            )
        if total > width:
            return None
        if paint is not None:
            styles = [["bold"] * len(self._headings), *(map(_style, row) for row in self._rows)]
            padded = [
                [
                    paint(style, cell) if style else cell
                    for cell, style in zip(column, own, strict=True)
                ]
                for column, own in zip(padded, zip(*styles, strict=True), strict=True)
            ]
        return "".join(f"{''.join(cells)}\n" for cells in zip(*padded, strict=True))


class Indented:
    """A line below a heading; where it has to be wrapped, the indent stays."""

    def __init__(self, line: str) -> None:
        self._line = line

    def __rich__(self) -> "Padding":
        """Return the line for a terminal."""
        from rich.padding import Padding

        return Padding(Text(self._line), (0, 0, 0, INDENT), expand=False)

    def text(self, width: int) -> str | None:
        """Return the line as text; None if only rich can draw it so wide."""
        line = f"{' ' * INDENT}{self._line}"
        is_plain = line.isascii() and line.isprintable() and self._line  # rich draws nothing for ""
        return f"{line}\n" if is_plain and len(line) <= width else None


def _style(cell: Cell) -> str:
    return "" if isinstance(cell, str) else str(cell.style)


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.plain


def _lengths(column: Sequence[str]) -> list[int] | None:
    """Return how wide each cell is; None if a character joins others."""
    text = "".join(column)
    if text.isascii() and text.isprintable():
        return [*map(len, column)]
    if not all(cell.isascii() or all(map(cell_len, cell)) for cell in column):
        return None
    return [*map(cell_len, column)]
