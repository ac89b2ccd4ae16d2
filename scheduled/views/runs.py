"""Runs as rows for people: `history`, and the last runs in `show`.

A row begins with a sign for how it went, and has as many columns as fit. Where a terminal is
narrow, first the note gets a line of its own below the row; then columns are left out: the id of
the run, then when it ended, then how long it took. A name that is far longer than a column has a
line above its row. A pipe gets a line a row, whole.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from scheduled.quick_classes import NamedTuple
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import gaps, signs, wording
from scheduled.views.format import absolute, passed, relative, span, taken
from scheduled.views.wrapping import padded, shortened, wrapped

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

GAP = 2
"""So many blanks follow each column."""
NOTE_LINES = 2
NOTE_INDENT = 4
LONG_NAME = 28
"""A name of so many cells has its place in a column even where it is narrow."""
LATE = timedelta(minutes=5)
"""A run that starts so long after its time says so."""
ALONE = 10_000
"""From this width on it is no terminal."""
JOB, SCHEDULED, OUTCOME = "JOB", "SCHEDULED", "OUTCOME"
TOOK, WHEN, RUN, NOTE = "TOOK", "WHEN", "RUN", "NOTE"
SHED = ((), (RUN,), (RUN, WHEN), (RUN, WHEN, TOOK))
"""What is left out: the first that fits counts."""


class Shown(NamedTuple):
    """A run as it is printed: a sign, cells by their heading, and what else there is to say."""

    sign: str
    style: str
    cells: Mapping[str, str]
    note: str


class Runs:
    """Rows of the history, newest first, with the gaps between them."""

    def __init__(
        self,
        rows: Sequence[Row],
        now: datetime | None,
        zone: tzinfo,
        *,
        without: Container[str] = (),
        outages: Iterable[Mapping[str, Any]] = (),
        indent: int = 0,
    ) -> None:
        """Show `rows` at `now`, in `zone`; `without` are columns that nobody needs here."""
        self._zone, self._now, self._indent = zone, now, indent
        self._offset = _common_offset(rows, zone)
        columns = {name: name for name in (JOB, SCHEDULED, OUTCOME, TOOK, WHEN, RUN)}
        columns[SCHEDULED] = f"{SCHEDULED} {self._offset}".rstrip()
        self._headings = {name: text for name, text in columns.items() if name not in without}
        self._rows = [self._shown(row) for row in rows]
        self._outages = _by_row(rows, outages)

    def _shown(self, row: Row) -> Shown:
        word, sign = outcome(row)
        slot = parse_utc(row["slot"])
        when = parse_utc(row["finished_at"]) or parse_utc(row["started_at"])
        at = absolute(slot, self._zone) if slot else "by hand"
        cells = {
            JOB: one_line(row["job"]),
            SCHEDULED: at.removesuffix(self._offset) if self._offset else at,
            OUTCOME: word,
            TOOK: taken(row["duration_seconds"]),
            WHEN: relative(when, self._now) if when and self._now else "",
            RUN: one_line(row["run_id"] or ""),
        }
        note_ = one_line(note(row, self._zone, self._now))
        return Shown(signs.SIGNS.get(sign, "?"), signs.STYLES.get(sign, ""), cells, note_)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the lines for a terminal, or for a pipe."""
        width = options.max_width - self._indent
        layout = self._layout(width)
        blank = " " * self._indent
        for parts in self._lines(layout, width):
            yield Text.assemble(blank, *parts, no_wrap=True, overflow="ignore")

    def _layout(self, width: int) -> "_Layout":
        """Return the columns that fit, widest first."""
        notes = max((cell_len(row.note) for row in self._rows), default=0)
        for shed in SHED:
            headings = [heading for heading in self._headings if heading not in shed]
            widths = {heading: self._width(heading, width) for heading in headings}
            total = 2 + sum(widths.values()) + GAP * (len(headings) - 1)
            if not shed and (width >= ALONE or total + GAP + notes <= width):
                return _Layout(widths, has_note=notes > 0)
            if total <= width:
                break
        return _Layout(widths, has_note=False)

    def _width(self, heading: str, width: int) -> int:
        cells = [cell_len(row.cells[heading]) for row in self._rows]
        if heading == JOB and width < ALONE:
            room = max(LONG_NAME, width // 3) if width >= 80 else max(width // 3, 8)
            cells = [length for length in cells if length <= room]
        return max(cell_len(self._headings[heading]), *cells, 0)

    def _lines(self, layout: "_Layout", width: int) -> Iterator[list[str | tuple[str, str]]]:
        heads = [*layout.widths, *([NOTE] if layout.has_note else [])]
        cells = [
            padded(self._headings.get(head, head), layout.widths.get(head, 0) + GAP)
            for head in heads
        ]
        yield [("  " + "".join(cells).rstrip(), "bold")]
        for number, row in enumerate(self._rows):
            yield from self._between(number, width)
            yield from _row_lines(row, layout, width)
        yield from self._between(len(self._rows), width)

    def _between(self, number: int, width: int) -> Iterator[list[str | tuple[str, str]]]:
        """Yield the gaps that lie between a row and the one above it."""
        for gap in self._outages.get(number, ()):
            for line in gap_lines(gap, self._zone, width):
                yield [(line, "yellow")]


class _Layout(NamedTuple):
    widths: Mapping[str, int]
    has_note: bool
    """Whether the note stands beside the row, and not below it."""


def _row_lines(row: Shown, layout: _Layout, width: int) -> Iterator[list[str | tuple[str, str]]]:
    sign: tuple[str, str] = (padded(row.sign, 2), row.style)
    name, rest = "", []
    for heading, column in layout.widths.items():
        cell = row.cells[heading]
        if heading == JOB and cell_len(cell) > column:
            name, cell = shortened(cell, width - 2), ""
        text = padded(cell, column + GAP)
        rest.append((text, row.style) if heading == OUTCOME else text)
    if name:
        yield [sign, name]
        sign = ("  ", "")
    yield [sign, *rest, *([row.note] if layout.has_note else [])]
    if row.note and not layout.has_note:
        most = NOTE_LINES - 1 if name else NOTE_LINES
        for line in wrapped(row.note, width - NOTE_INDENT, most):
            yield [" " * NOTE_INDENT + line]


def gap_lines(gap: Mapping[str, Any], zone: tzinfo, width: int) -> list[str]:
    """Return a gap as lines between rows: `-- asleep, 2026-11-20 22:10 to ...: ...`."""
    text = f"{gaps.cause(gap)}: {gaps.when(gap, zone)}"
    cost = gaps.cost(gap)
    lines = wrapped(f"{text}; {cost}" if cost else text, width - 3, NOTE_LINES + 1)
    return [f"{'   ' if number else '-- '}{line}" for number, line in enumerate(lines)]


def outcome(row: Row) -> tuple[str, str]:
    """Return how a row is called that has ended or not, and the name of its sign."""
    if row["outcome"]:
        return wording.outcome(row["outcome"]), row["outcome"]
    reason = row["reason"] or ""
    if reason == history.RUNNING:
        return signs.RUNNING, signs.RUNNING
    if reason.startswith(history.NOT_NOW):
        return signs.NOT_NOW, signs.NOT_NOW
    return "unknown", ""


def note(row: Row, zone: tzinfo, now: datetime | None = None) -> str:
    """Return what a person reads about a run beside its outcome.

    A retry is announced unless it is past by `now`.
    """
    remarks = [*_lateness(row)]
    if row["attempt"] > 1:
        remarks.append(f"attempt {row['attempt']}")
    causes = (_reason(row), row["error"])
    remarks += dict.fromkeys(wording.printed(cause) for cause in causes if cause)
    retry_at = parse_utc(row["retry_at"])
    if retry_at is not None and (now is None or retry_at > now):
        remarks.append(f"retrying at {absolute(retry_at, zone)}")
    return "; ".join(remarks)


def _reason(row: Row) -> str:
    """Return the reason without what the outcome says already."""
    reason = row["reason"] or ""
    if row["outcome"]:
        return reason
    return "" if reason == history.RUNNING else reason.removeprefix(history.NOT_NOW)


def _lateness(row: Row) -> Iterator[str]:
    if row["outcome"] == "missed":
        yield passed(row["missed"], "run")
        return
    if row["missed"]:
        yield f"covers {passed(row['missed'])}"
    elif row["catch_up"]:
        yield "catch-up"
    slot, started = parse_utc(row["slot"]), parse_utc(row["started_at"])
    if slot is not None and started is not None and row["attempt"] == 1:
        late = started - slot
        if late >= (timedelta(minutes=1) if row["catch_up"] else LATE):
            yield f"{span(late.total_seconds())} late"


def _common_offset(rows: Iterable[Row], zone: tzinfo) -> str:
    """Return the offset that all scheduled times have; '' if they differ."""
    instants = {row["slot"]: parse_utc(row["slot"]) for row in rows if row["slot"]}
    offsets = {absolute(slot, zone)[-6:] for slot in instants.values() if slot}
    return offsets.pop() if len(offsets) == 1 else ""


def _by_row(
    rows: Sequence[Row], outages: Iterable[Mapping[str, Any]]
) -> dict[int, list[Mapping[str, Any]]]:
    """Return the gaps by the number of the row that each stands above.

    A gap is older than what was recorded when it was over. What is older than the last row, of
    which no row tells, is left out.
    """
    recorded = [parse_utc(row["started_at"] or row["finished_at"]) for row in rows]
    placed: dict[int, list[Mapping[str, Any]]] = {}
    for gap in outages:
        end = parse_utc(gap.get("to"))
        older = (number for number, at in enumerate(recorded) if at and end and at < end)
        if (number := next(older, None)) is not None:
            placed.setdefault(number, []).append(gap)
    return placed
