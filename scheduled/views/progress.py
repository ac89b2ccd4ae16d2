"""A tick on a terminal: a live line per running job, and a summary at the end.

Nothing here runs by itself. The tick calls when a job starts, when it ends, and in between as
often as it looks at its children; only then are the lines redrawn.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from scheduled.quick_classes import dataclass
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import runs, tables
from scheduled.views.columns import Grid
from scheduled.views.format import absolute, passed, span, taken


@dataclass(frozen=True)
class _Line:
    job: str
    origin: str
    note: str
    started: float
    """`time.monotonic()` at the start."""


class Progress:
    """Draws on `console` what a tick reports, and leaves nothing behind when it is closed."""

    def __init__(self, console: Console, zone: tzinfo) -> None:
        self._zone = zone
        self._lines: dict[str, _Line] = {}
        # No thread: a tick forks children, and has nothing to draw unless it is awake itself.
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def job_started(
        self,
        *,
        job: str,
        run_id: str,
        slot: str | None = None,
        catch_up: bool = False,
        missed: int = 0,
        **_: Any,
    ) -> None:
        """Add a line for a run that started."""
        covers = f"catch-up, covers {passed(missed)}"
        note = covers if missed else "catch-up" if catch_up else ""
        instant = parse_utc(slot)
        origin = f"scheduled for {absolute(instant, self._zone)}" if instant else "by hand"
        self._lines[run_id] = _Line(job, origin, note, time.monotonic())
        self.refresh()

    def job_finished(self, *, run_id: str, **_: Any) -> None:
        """Remove the line of a run that ended, however it did."""
        self._lines.pop(run_id, None)
        self.refresh()

    job_failed = job_finished

    def print_output(self, lines: str) -> None:
        """Print lines that stay, above the live ones."""
        self._live.console.print(Text(lines), soft_wrap=True)

    def refresh(self) -> None:
        """Draw the lines as they are now."""
        self._live.update(Group(*map(_line, self._lines.values())), refresh=True)


def summary(report: Mapping[str, Any], zone: tzinfo = UTC) -> list[RenderableType]:
    """Return the end of a tick for a person, from the document that `run --json` prints.

    A slot has one line, however many attempts there were. Instants are printed in `zone`.
    """
    tick, rows = report["tick"], [*_one_a_slot(report["runs"])]
    if not rows:
        return [Text("Nothing was due." if not tick["due"] else _counts(tick))]
    table = Grid("JOB", "OUTCOME", "TOOK", "NOTE")
    for row in rows:
        took = Text(taken(row["duration_seconds"]))
        table.add_row(
            tables.cell(row["job"]),
            tables.outcome(row["outcome"]),
            took,
            tables.cell(runs.note(row, zone)),
        )
    return [table, Text(_counts(tick))]


def _one_a_slot(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the last row of each slot, and every run by hand."""
    last = {(row["job"], row["slot"]): row for row in rows}
    for row in rows:
        if row["slot"] is None or last[row["job"], row["slot"]] is row:
            yield row


def _counts(tick: Mapping[str, Any]) -> str:
    words = ("ran", "failed", "skipped", "carried")
    totals = ", ".join(f"{tick[word]} {word}" for word in words if tick[word] or word == "ran")
    return f"{totals} in {taken(tick['duration_seconds'])}"


def _line(line: _Line) -> Text:
    elapsed = span(time.monotonic() - line.started)
    about = f" ({line.note})" if line.note else ""
    return Text(one_line(f"{line.job}, {line.origin}{about}: {elapsed}"))
