"""A tick on a terminal: a line a run while it goes on, with when it probably ends; a summary.

Nothing here runs by itself. The tick calls when a job starts, when it ends, and in between as
often as it looks at its children; only then are the lines drawn anew.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Protocol, Self

from rich.cells import cell_len
from rich.text import Text

from scheduled.quick_classes import dataclass
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import estimate, signs, wording
from scheduled.views.fitting import cut, cut_name, padded
from scheduled.views.format import clock, passed, taken
from scheduled.views.runs import RUN, SCHEDULED, WHEN, table

if TYPE_CHECKING:
    from scheduled.views.columns import Part

NAME = 12
"""A name has so many cells, and more where there is room."""
LastLine = Callable[[str, str], str]
"""Returns the last line that a run of a job has printed, by the ids of both."""


class Screen(Protocol):
    """Where lines are drawn: see `views.live_lines`."""

    @property
    def is_plain(self) -> bool:
        """Whether lines cannot change: what is written stays."""

    def room(self) -> tuple[int, int]:
        """Return how many columns and lines there are."""

    def draw(self, lines: Sequence[str]) -> None:
        """Draw these lines in place of those before them."""

    def write_above(self, text: str) -> None:
        """Write text that stays."""

    def clear(self) -> None:
        """Take the lines away."""


@dataclass(frozen=True)
class _Line:
    job: str
    run_id: str
    notes: tuple[str, ...]
    started: float
    """`time.monotonic()` at the start."""


class Progress:
    """Draws what a tick reports, and leaves nothing behind when it is closed."""

    def __init__(
        self,
        screen: Screen,
        now: datetime,
        zone: tzinfo,
        before: Mapping[str, Sequence[float]],
        last_line: LastLine = lambda _job, _run_id: "",
    ) -> None:
        """Draw on `screen`; `before` has, by job, the durations in which it last succeeded.

        On a plain screen there is a line when a run starts and one when it ends.
        """
        self._screen, self._zone, self._before = screen, zone, before
        self._last_line = last_line
        self._begin, self._begun = now, time.monotonic()
        self._lines: dict[str, _Line] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._screen.clear()

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
        origin = (
            f"scheduled for {clock(instant, self._now(), self._zone)}" if instant else "by hand"
        )
        notes = tuple(filter(None, (note, origin)))
        line = _Line(one_line(job), run_id, notes, time.monotonic())
        self._lines[run_id] = line
        if self._screen.is_plain:
            outlook = estimate.outlook(self._before.get(job, ()), self._now(), self._zone)
            words = ", ".join(filter(None, ("started", *notes, outlook)))
            self._screen.write_above(f"{line.job}: {words}")
        self.refresh()

    def job_finished(self, *, run_id: str | None, outcome: str | None = None, **row: Any) -> None:
        """Remove the line of a run that ended, however it did."""
        line = self._lines.pop(run_id or "", None)
        if line is not None and self._screen.is_plain:
            ended = wording.ended(outcome, row.get("error"), row.get("reason"))
            took = taken(row.get("duration_seconds"))
            self._screen.write_above(f"{line.job}: {ended}{f', took {took}' if took else ''}")
        self.refresh()

    job_failed = job_finished

    def print_output(self, lines: str) -> None:
        """Print lines that stay, above the live ones."""
        self._screen.write_above(lines)

    def refresh(self) -> None:
        """Draw the lines as they are now."""
        if not self._screen.is_plain:
            self._screen.draw([*self._drawn(*self._screen.room())])

    def _drawn(self, width: int, most: int) -> Iterator[str]:
        """Yield the lines as they are now; of more than there is room for, their number."""
        lines = [*self._lines.values()]
        shown = lines if len(lines) <= most else lines[: most - 1]
        widest = max((cell_len(line.job) for line in shown), default=0)
        longest = max((cell_len(self._elapsed(line)) for line in shown), default=0)
        column = min(widest, max(NAME, width - longest - 4))
        has_room = 2 * len(lines) <= most
        for line in shown:
            yield self._line(line, width, column)
            if has_room and (printed := self._last_line(line.job, line.run_id)):
                yield cut(f"    {printed}", width)
        if len(lines) > len(shown):
            yield f"  and {len(lines) - len(shown)} more in progress"

    def _line(self, line: _Line, width: int, column: int) -> str:
        name = padded(cut_name(line.job, column), column)
        text = f"{signs.SIGNS[signs.RUNNING]} {name}  "
        text += self._elapsed(line)
        for note in line.notes:  # those for which there is room
            longer = f"{text}, {note}"
            text = longer if cell_len(longer) <= width else text
        return text

    def _elapsed(self, line: _Line) -> str:
        elapsed, before = time.monotonic() - line.started, self._before.get(line.job, ())
        return estimate.progress(elapsed, before, self._now(), self._zone)

    def _now(self) -> datetime:
        return self._begin + timedelta(seconds=time.monotonic() - self._begun)


def summary(report: Mapping[str, Any], zone: tzinfo = UTC) -> list["Part | Text"]:
    """Return the end of a tick for a person, from the document that `run --json` prints.

    A slot has one line, however many attempts there were. Instants are printed in `zone`.
    """
    tick, rows = report["tick"], [*_one_a_slot(report["runs"])]
    if not rows:
        return [Text("Nothing was due." if not tick["due"] else _counts(tick))]
    return [table(rows, None, zone, without=(SCHEDULED, WHEN, RUN)), Text(_counts(tick))]


def _one_a_slot(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the last row of each slot, and every run by hand."""
    last = {(row["job"], row["slot"]): row for row in rows}
    for row in rows:
        if row["slot"] is None or last[row["job"], row["slot"]] is row:
            yield row


def _counts(tick: Mapping[str, Any]) -> str:
    words = {"ran": "ran", "failed": "failed", "skipped": "skipped", "carried": "left for later"}
    totals = ", ".join(
        f"{tick[key]} {word}" for key, word in words.items() if tick[key] or key == "ran"
    )
    return f"{totals} in {taken(tick['duration_seconds'])}"
