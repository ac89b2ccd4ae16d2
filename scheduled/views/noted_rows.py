"""Rows with notes: cells in columns, and texts that may be long.

Where all of it fits, and in a pipe, the notes are columns as well. Where a terminal is narrower,
each note gets lines of its own below its row; then columns are left out, in the order that is
given. A name that is far longer than a column has a line above its row. A row has three lines at
most, no line is wider than the terminal, and no word is split.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len

from scheduled.quick_classes import NamedTuple
from scheduled.system.text import one_line
from scheduled.views.columns import UNBOUNDED, Paint
from scheduled.views.fitting import cut, cut_name, padded, wrapped

GAP = 2
"""So many blanks follow each column."""
LINES = 3
"""So many lines a row has at most."""
INDENT = 4
"""So many blanks stand before a note below its row."""
LEAST = 8
"""A column that has to be narrower than its cells is not narrower than this."""
LONG_NAME = 28
"""A name of so many cells has its place in a column on a terminal of 80 and more."""
Line = list[str | tuple[str, str]]
"""Texts, each with a style where it has one."""
Between = Mapping[int, Sequence[str]]
"""Texts that stand above a row, by its number; above none, below the last one."""


class NotedRow(NamedTuple):
    """Cells and notes by their heading, a sign, and the style of both and of one of the cells."""

    cells: Mapping[str, object]
    sign: str = ""
    style: str = ""
    styled: str = ""


class Columns(NamedTuple):
    """What columns there are, by heading, and what becomes of them on a narrow terminal."""

    shown: Sequence[str]
    """Those for cells, in their order."""
    notes: Sequence[str] = ()
    """Those for texts that may be long, behind the others."""
    name: str = ""
    """The one that is never left out and may have a line of its own."""
    shed: Sequence[str] = ()
    """Those that may be left out, the first one first."""
    texts: Mapping[str, str] = {}
    """What is printed above a column, if it is not its heading."""
    long_name: int = LONG_NAME
    least: Mapping[str, int] = {}
    """How wide columns are at least where there is room: several tables may stand together."""


class NotedRows:
    """Rows for a terminal or a pipe; what stands in them came from elsewhere."""

    def __init__(
        self,
        columns: Columns,
        rows: Sequence[NotedRow],
        *,
        indent: int = 0,
        between: Between | None = None,
    ) -> None:
        """Show rows below headings; `between` has what stands between them."""
        self._columns, self._indent, self._between = columns, indent, between or {}
        self._rows = [
            row._replace(cells={key: one_line(cell) for key, cell in row.cells.items()})
            for row in rows
        ]
        self._margin = 2 if any(row.sign for row in rows) else 0

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the lines; there may be tens of thousands."""
        blank = " " * self._indent
        lines = self._lines(width - self._indent if width < UNBOUNDED else width)
        return "".join(
            f"{blank}{''.join(_painted(part, paint) for part in parts)}\n" for parts in lines
        )

    def _lines(self, width: int) -> Iterator[Line]:
        widths, has_notes = self._layout(width)
        heads = [*widths]
        cells = [padded(self._text(head), widths[head] + GAP) for head in heads]
        yield [(" " * self._margin + "".join(cells).rstrip(), "bold")]
        draw = _Drawing(self._columns, widths, width, self._margin, has_notes=has_notes)
        for number, row in enumerate(self._rows):
            yield from self._above(number, width)
            yield from draw.lines(row)
        yield from self._above(len(self._rows), width)

    def _above(self, number: int, width: int) -> Iterator[Line]:
        for text in self._between.get(number, ()):
            for place, line in enumerate(wrapped(one_line(text), width - 3, LINES)):
                yield [(f"{'   ' if place else '-- '}{line}", "yellow")]

    def _layout(self, width: int) -> tuple[dict[str, int], bool]:
        """Return the columns that fit, with their widths, and whether the notes are among them."""
        shown = [*self._columns.shown]
        notes = [name for name in self._columns.notes if any(row.cells[name] for row in self._rows)]
        everything = self._widths([*shown, *notes], width)
        if width >= UNBOUNDED or self._total(everything) <= width:
            return everything, True
        for left_out in range(len(self._columns.shed) + 1):
            kept = [name for name in shown if name not in self._columns.shed[:left_out]]
            widths = self._widths(kept, width)
            if self._total(widths) <= width:
                break
        while (excess := self._total(widths) - width) > 0:
            widest = max(widths, key=lambda name: widths[name])
            if widths[widest] <= LEAST:
                break
            widths[widest] = max(widths[widest] - excess, LEAST)
        return widths, False

    def _widths(self, headings: Sequence[str], width: int) -> dict[str, int]:
        return {heading: self._width(heading, width) for heading in headings}

    def _width(self, heading: str, width: int) -> int:
        cells = [cell_len(str(row.cells[heading])) for row in self._rows]
        cells.append(self._columns.least.get(heading, 0))
        if heading == self._columns.name and width < UNBOUNDED:
            narrow = self._columns.long_name if self._columns.long_name > LONG_NAME else 8
            room = max(width // 3, self._columns.long_name if width >= 80 else narrow)
            cells = [length for length in cells if length <= room]
        return max(cell_len(self._text(heading)), *cells, 0)

    def _total(self, widths: Mapping[str, int]) -> int:
        return self._margin + sum(widths.values()) + GAP * (len(widths) - 1)

    def _text(self, heading: str) -> str:
        return self._columns.texts.get(heading, heading)


def table(columns: Columns, texts: Iterable[Sequence[object]]) -> NotedRows:
    """Return rows of texts, each in the order of the columns with the notes behind them."""
    heads = (*columns.shown, *columns.notes)
    return NotedRows(columns, [NotedRow(dict(zip(heads, row, strict=True))) for row in texts])


def _painted(part: str | tuple[str, str], paint: Paint | None) -> str:
    if isinstance(part, str):
        return part
    text, style = part
    return paint(style, text) if paint and style and text else text


class _Drawing:
    """Draws rows in a layout."""

    def __init__(
        self,
        columns: Columns,
        widths: Mapping[str, int],
        width: int,
        margin: int,
        *,
        has_notes: bool,
    ) -> None:
        self._columns, self._widths, self._width = columns, widths, width
        self._margin, self._has_notes = margin, has_notes

    def lines(self, row: NotedRow) -> Iterator[Line]:
        """Yield the lines of a row, three at most."""
        sign: str | tuple[str, str] = (padded(row.sign, self._margin), row.style)
        name, left = self._columns.name, LINES
        cells = {heading: str(row.cells[heading]) for heading in self._widths}
        if name in cells and cell_len(cells[name]) > self._widths[name]:
            yield [sign, cut_name(cells[name], self._width - self._margin)]
            sign, cells[name], left = " " * self._margin, "", left - 1
        texts = [str(row.cells[note]) for note in self._columns.notes if row.cells[note]]
        if self._has_notes:
            texts = []
        drawn = [self._cell(row, heading, cell) for heading, cell in cells.items()]
        used = self._margin + sum(self._widths.values()) + GAP * len(self._widths)
        has_cells = any(cells.values()) or left == LINES
        if has_cells and len(texts) == 1 and used + cell_len(texts[0]) <= self._width:
            drawn.append(texts.pop())
        if has_cells:
            yield [sign, *drawn]
            left -= 1
        yield from self._notes(texts, left)

    def _cell(self, row: NotedRow, heading: str, cell: str) -> str | tuple[str, str]:
        column = self._widths[heading]
        text = padded(cut(cell, self._room(column)), column + GAP)
        return (text, row.style) if heading == row.styled else text

    def _room(self, column: int) -> int:
        """Return how wide a cell may be: nothing is wider than the terminal."""
        return column if self._width >= UNBOUNDED else min(column, self._width - self._margin)

    def _notes(self, texts: Sequence[str], most: int) -> Iterator[Line]:
        """Yield what is told below a row; of several texts each has a line at least."""
        for number, text in enumerate(texts[:most]):
            others = len(texts) - number - 1
            lines = wrapped(text, self._width - INDENT, max(most - others, 1))
            most -= len(lines)
            for line in lines:
                yield [" " * INDENT + line]
