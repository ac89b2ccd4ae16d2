"""Rows in plain columns, which read well in a terminal and in a pipe.

On a terminal rich draws them, in colour, and wraps what is too wide. Where nothing is wrapped, it
would take half a millisecond a row to find that out: there the columns are written as they are.
"""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2
"""So many blanks follow each column."""


class Grid:
    """Rows of cells, each on one line, below headings."""

    def __init__(self, *headings: str, least: dict[int, int] | None = None) -> None:
        """Begin a grid; `least` has the least widths of columns, by their number."""
        self._headings = headings
        self._least = least or {}
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: Text) -> None:
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
            table.add_row(*row)
        return table

    def text(self, width: int) -> str | None:
        """Return the grid as text without colours; None if only rich can draw it so wide.

        How characters join that have no width of their own, rich alone knows.
        """
        rows = [self._headings, *([cell.plain for cell in row] for row in self._rows)]
        if not all(cell.isascii() or all(map(cell_len, cell)) for row in rows for cell in row):
            return None
        columns = [[*map(cell_len, column)] for column in zip(*rows, strict=True)]
        widths = [
            max(self._least.get(number, 0), *lengths) + GAP
            for number, lengths in enumerate(columns)
        ]
        if sum(widths) > width:
            return None
        return "".join(
            "".join(
                cell + " " * (full - length)
                for cell, length, full in zip(row, lengths, widths, strict=True)
            )
            + "\n"
            for row, lengths in zip(rows, zip(*columns, strict=True), strict=True)
        )
