"""The result for people: a table on a terminal, columns of text anywhere else."""

import sys
from collections.abc import Sequence

from bench.row import Row

HEAD = (
    "what",
    "ours ms",
    "against",
    "theirs ms",
    "ratio",
    "target",
    "verdict",
    "peak MiB",
    "theirs",
)
RIGHT = {1, 3, 4, 5, 7, 8}
NOTES = """
Ours and theirs in turns, each in a process of its own; the least of the medians of several blocks.
`python -c pass` has nothing installed beside it that could load more; if not said otherwise.
Ticks and grep are whole processes; planning, sweeps and scans are timed inside one that has begun.
Cold: we remember nothing yet. The page cache is warm for both sides.
Peak: the most memory that our process had, and theirs, interpreter included."""


def show(rows: Sequence[Row], note: str = "") -> None:
    """Print the rows, and what one has to know to read them, `note` besides."""
    cells = [_cells(row) for row in rows]
    if sys.stdout.isatty():
        _show_rich(cells)
    else:
        widths = [max(map(len, column)) for column in zip(HEAD, *cells, strict=True)]
        for row in (HEAD, *cells):
            print("  ".join(map(_padded, row, widths, range(len(HEAD)))).rstrip())
    print("\n".join(filter(None, (NOTES, note))))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.what,
        _milliseconds(row.ours.seconds),
        row.against,
        _milliseconds(row.theirs.seconds),
        f"{row.ratio:.2f}x",
        "" if row.target is None else f"{row.target:.1f}x",
        row.verdict,
        f"{row.ours.peak:.0f}",
        f"{row.theirs.peak:.0f}",
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f}" if seconds < 0.1 else f"{seconds * 1e3:,.0f}"


def _padded(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in RIGHT else cell.ljust(width)


def _show_rich(cells: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(HEAD):
        table.add_column(name, justify="right" if number in RIGHT else "left")
    for row in cells:
        table.add_row(*map(Text, row), style="yellow" if row[6].startswith("missed") else None)
    Console(highlight=False).print(table)
