"""Rows in columns, and lines below headings, laid out for a width that the caller knows.

A pipe gets every column as wide as it is. On a terminal, what does not fit is solved in this order:
columns are left out, by the numbers they have for it; cells with text are wrapped between words; a
long name gets a line of its own above its row. A row has three lines at most, and no line is wider
than the terminal.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rich.cells import cell_len
from rich.text import Text

from scheduled.quick_classes import NamedTuple
from scheduled.views.fitting import ELLIPSIS, cut, cut_name, longest_word, padded, wrapped

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

UNBOUNDED = 10_000
"""The width of what is no terminal: nothing is wrapped for a program that reads lines."""
GAP = 2
"""So many blanks stand between columns."""
INDENT = 2
"""So many blanks stand before a line below a heading."""
LINES = 3
"""So many lines a row has at most."""
NAME, WORDS, WHOLE = 30, 16, 32
"""What is left to a name, to text that is wrapped and to other cells before columns are left out,
if they are as wide; a name has two fifths of the line as well."""
LEAST = 6
Paint = Callable[[str, str], str]
"""Returns a text in a style."""
Cell = Text | str
"""Text without a style need not be made one: there are tens of thousands of cells."""


@runtime_checkable
class Part(Protocol):
    """Lines that know what they look like at a width."""

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the lines."""
        ...


class Column(NamedTuple):
    """A heading, and what happens to its column on a narrow terminal."""

    heading: str
    shed: int = 0
    """The column with the lowest number is left out first; one with 0 never is."""
    wraps: bool = False
    """Whether its cells are text that is wrapped between words; others are cut where need be."""
    is_right: bool = False
    if_any: bool = False
    """Whether it is left out where all of its cells are empty."""


class Grid:
    """Rows of cells below headings; the first cell is the name of what a row is about."""

    def __init__(self, *columns: Column | str, least: dict[int, int] | None = None) -> None:
        """Begin a grid; `least` has the least widths of columns, by their number."""
        first, *others = columns
        self._columns = [
            first if isinstance(first, Column) else Column(first),
            *(Column(each, wraps=True) if isinstance(each, str) else each for each in others),
        ]
        self._least = least or {}
        self._rows: list[tuple[Cell, ...]] = []

    def add_row(self, *cells: Cell) -> None:
        """Add a row below the others."""
        self._rows.append(cells)

    @property
    def is_empty(self) -> bool:
        """Whether it has headings alone."""
        return not self._rows

    def fits(self, width: int) -> bool:
        """Return whether no column has to be left out, and nothing to be wrapped."""
        return _total(self._full([*range(len(self._columns))])) <= width

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the grid as text, in colours by `paint`."""
        shown = [
            number
            for number, column in enumerate(self._columns)
            if not column.if_any or any(_plain(row[number]) for row in self._rows)
        ]
        full = self._full(shown)
        widths = full
        if width < UNBOUNDED and _total(full) > width:
            shown, widths = self._fitted(shown, full, width)
        heading = [Text(self._columns[number].heading, "bold") for number in shown]
        if widths == full or width >= UNBOUNDED:
            return self._at_full_width(shown, widths, heading, paint)
        columns = [self._columns[number] for number in shown]
        lines = _Row(columns, widths, width).lines(heading, paint, is_heading=True)
        for row in self._rows:
            lines += _Row(columns, widths, width).lines([row[each] for each in shown], paint)
        return "".join(f"{line}\n" for line in lines)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the grid for a part that rich draws."""
        yield Text(self.text(options.max_width), no_wrap=True, overflow="ignore", end="")

    def _at_full_width(
        self, shown: list[int], widths: list[int], heading: Sequence[Cell], paint: Paint | None
    ) -> str:
        """Return the rows, a line each; there may be thousands."""
        padded_columns = []
        for place, number in enumerate(shown):
            cells = [heading[place], *(row[number] for row in self._rows)]
            is_right, wide = self._columns[number].is_right, widths[place]
            gap = " " * GAP if place < len(shown) - 1 else ""
            padded_columns.append(
                [
                    _painted(cell, padded(_plain(cell), wide, is_right=is_right), paint) + gap
                    for cell in cells
                ]
            )
        return "".join(f"{''.join(cells)}\n" for cells in zip(*padded_columns, strict=True))

    def _full(self, shown: Iterable[int]) -> list[int]:
        return [
            max(
                self._least.get(number, 0),
                cell_len(self._columns[number].heading),
                _widest([_plain(row[number]) for row in self._rows]),
            )
            for number in shown
        ]

    def _fitted(self, shown: list[int], full: list[int], width: int) -> tuple[list[int], list[int]]:
        """Return which columns are shown in `width` cells, and how wide they are."""
        by_number = dict(zip(shown, full, strict=True))
        needs = {number: self._need(number, by_number[number], width) for number in shown}
        while _total([*needs.values()]) > width:
            sheddable = [number for number in needs if self._columns[number].shed]
            if sheddable:
                del needs[min(sheddable, key=lambda number: self._columns[number].shed)]
                continue
            widest = max(needs, key=lambda number: needs[number])
            if needs[widest] > LEAST:
                needs[widest] -= 1
            elif len(needs) > 1:
                needs.popitem()
            else:
                needs[0] = width
        self._grow(needs, by_number, width)
        return [*needs], [*needs.values()]

    def _grow(self, needs: dict[int, int], full: Mapping[int, int], width: int) -> None:
        """Widen columns where there is room: short cells, then the name, then text."""
        short = [number for number in needs if number and not self._columns[number].wraps]
        text = [number for number in needs if number and self._columns[number].wraps]
        for number, most in (
            *((number, width) for number in short),
            (0, width // 2),
            *((number, width) for number in text),
            (0, width),
        ):
            room = min(most, needs[number] + width - _total([*needs.values()]))
            wanted = full[number] if number else self._longest_name(room)
            needs[number] = max(needs[number], min(room, wanted))

    def _longest_name(self, most: int) -> int:
        """Return how wide the first column is without the names that take more than `most`."""
        names = [cell_len(_plain(row[0])) for row in self._rows]
        heading = cell_len(self._columns[0].heading)
        return max(heading, self._least.get(0, 0), *(name for name in names if name <= most), 0)

    def _need(self, number: int, full: int, width: int) -> int:
        """Return how wide a column is before others are left out for it."""
        if number == 0:
            return self._longest_name(max(NAME, width * 2 // 5))
        if not self._columns[number].wraps:
            return min(full, WHOLE)
        words = max((longest_word(_plain(row[number])) for row in self._rows), default=0)
        least = max(WORDS, min(words, WHOLE), cell_len(self._columns[number].heading))
        return min(full, least)


class _Row:
    """A row on a terminal that is too narrow to write it as it is."""

    def __init__(self, columns: Sequence[Column], widths: Sequence[int], width: int) -> None:
        self._columns = columns
        self._widths = widths
        self._width = width

    def lines(
        self, cells: Sequence[Cell], paint: Paint | None, *, is_heading: bool = False
    ) -> list[str]:
        """Return the lines of a row: three at most, a heading has one."""
        above, most = [], 1 if is_heading else LINES
        name = _plain(cells[0])
        if cell_len(name) > self._widths[0]:
            name = cut_name(name, self._width)
            if len(cells) > 1 and not is_heading:
                above, name, most = [_painted(cells[0], name, paint)], "", most - 1
        blocks = [
            [name] if not number else self._block(number, _plain(cell), most)
            for number, cell in enumerate(cells)
        ]
        height = max(map(len, blocks))
        return above + [
            self._line([block[line] if line < len(block) else "" for block in blocks], cells, paint)
            for line in range(height)
        ]

    def _block(self, number: int, text: str, most: int) -> list[str]:
        if self._columns[number].wraps:
            return wrapped(text, self._widths[number], most)
        return [cut(text, self._widths[number])]

    def _line(self, pieces: Sequence[str], cells: Sequence[Cell], paint: Paint | None) -> str:
        columns = zip(pieces, cells, self._widths, self._columns, strict=True)
        return (" " * GAP).join(
            _painted(cell, padded(piece, wide, is_right=column.is_right), paint)
            for piece, cell, wide, column in columns
        )


class Indented:
    """A line below a heading; where it has to be wrapped, the indent stays."""

    def __init__(
        self, line: Cell, indent: str = " " * INDENT, most: int | None = None, hang: int = 0
    ) -> None:
        """Take a line; `indent` stands before it, `hang` more blanks before those that follow."""
        self._line = line
        self._indent = indent
        self._most = most
        self._hang = hang

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the line, or its lines, as text."""
        line = _plain(self._line)
        after = " " * (cell_len(self._indent) + self._hang)
        lines = [line]
        if width < UNBOUNDED:
            room = max(1, width - len(after))
            lines = wrapped(line, room, self._most)
        return "".join(
            f"{after if number else self._indent}{_painted(self._line, piece, paint)}\n"
            for number, piece in enumerate(lines)
        )

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the line for a part that rich draws."""
        yield Text(self.text(options.max_width), no_wrap=True, overflow="ignore", end="")


class Pairs:
    """Names and their values, a line each; a value that is too long is wrapped beside its name."""

    def __init__(self, rows: Iterable[tuple[Cell, Cell]], most: int | None = None) -> None:
        """Take the pairs; a value has `most` lines at most."""
        self._rows = [*rows]
        self._most = most

    def text(self, width: int, paint: Paint | None = None) -> str:
        """Return the pairs as text."""
        wide = max((cell_len(_plain(name)) for name, _ in self._rows), default=0)
        wide = min(wide, max(1, width // 3))
        return "".join(self._pair(name, value, wide, width, paint) for name, value in self._rows)

    def _pair(self, name: Cell, value: Cell, wide: int, width: int, paint: Paint | None) -> str:
        label = padded(cut_name(_plain(name), wide), wide)
        if paint is not None:
            label = paint("bold", label)
        room = max(1, width - wide - GAP)
        pieces = [_plain(value)]
        if width < UNBOUNDED:
            pieces = wrapped(_plain(value), room, self._most)
        lines = [_painted(value, piece, paint) for piece in pieces]
        gap, blank = " " * GAP, " " * (wide + GAP)
        return "".join(
            f"{blank if number else label + gap}{line}\n" for number, line in enumerate(lines)
        )

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the pairs for a part that rich draws."""
        yield Text(self.text(options.max_width), no_wrap=True, overflow="ignore", end="")


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widest(texts: Sequence[str]) -> int:
    """Return how many cells the widest takes; there may be thousands, nearly all of them ASCII."""
    is_plain = "".join(texts).isascii()
    return max(map(len if is_plain else cell_len, texts), default=0)


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.plain


def _painted(cell: Cell, text: str, paint: Paint | None) -> str:
    """Return what is shown of a cell in its style, or in the styles of its parts."""
    if paint is None or isinstance(cell, str):
        return text
    if not cell.spans:
        return paint(str(cell.style), text) if cell.style else text
    start = cell.plain.find(text.strip().removesuffix(ELLIPSIS))
    done, parts = 0, []
    for span in sorted(cell.spans):
        begin, end = (min(len(text), max(done, each - start)) for each in span[:2])
        if start >= 0 and begin < end:
            parts += [text[done:begin], paint(str(span.style), text[begin:end])]
            done = end
    return "".join([*parts, text[done:]])
