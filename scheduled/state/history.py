"""What has run: from the journal's events to rows, one a run, newest first.

A row is a slot, or a run by hand, and how it ended. Its keys are the ones of `run --json` and
`history --json` (DESIGN 8). The journal has lines of older and of newer versions in it: what
cannot be made a row of is passed over.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from scheduled.jobs.model import Outcome
from scheduled.state.journal import Event, Journal, Position, file_name
from scheduled.timing.instants import parse_utc
from scheduled.timing.slots import COUNT_CAP

DEFAULT_LIMIT = 50

RUNNING = "running"
DIED = "interrupted: its tick died, the next one records it"


class Row(TypedDict):
    """One run, or one stretch of slots that nobody ran. Instants are UTC, ISO, with `Z`."""

    run_id: str | None
    """None for slots that were skipped or missed."""
    job: str
    slot: str | None
    """The slot it answers for; None when started by hand. Of a stretch, the last one."""
    outcome: str | None
    """A word of `Outcome`; None while it is running, and for what was put off."""
    reason: str | None
    attempt: int
    catch_up: bool
    missed: int
    """How many older slots it answers for; of a stretch, how many slots it has."""
    started_at: str | None
    finished_at: str | None
    """When its fate was settled."""
    duration_seconds: float | None
    result: Any
    error: str | None
    retry_at: str | None
    missed_capped: bool
    """Whether counting may have stopped at `missed`, and there were more."""


COLUMNS = tuple(Row.__annotations__)


@dataclass(frozen=True)
class HistoryQuery:
    """Which rows to look for; None wants all."""

    job: str | None = None
    since: datetime | None = None
    """Settled at this instant or later. What is still running always counts as later."""
    outcome: Outcome | None = None
    limit: int = DEFAULT_LIMIT
    """0 wants all."""

    def accepts(self, row: Row) -> bool:
        """Whether the row is one of those looked for."""
        if self.job is not None and row["job"] != self.job:
            return False
        if self.outcome is not None and row["outcome"] != self.outcome:
            return False
        settled = parse_utc(row["finished_at"])
        return self.since is None or settled is None or settled >= self.since


def read(journal: Journal, wanted: HistoryQuery, is_running: Callable[[str], bool]) -> list[Row]:
    """The rows looked for, newest first, from no more of the journal than that takes.

    `is_running` tells whether a job runs now; it is asked about runs that have no end. Raises
    StateError if the journal cannot be read.
    """
    found: list[Row] = []
    for start in _starts(journal.names(), wanted.since):
        unlike = (row for row in rows(journal.read(start).events) if wanted.accepts(row))
        found = list(itertools.islice(unlike, wanted.limit or None))
        if wanted.limit and len(found) == wanted.limit:
            break
    for row in found:
        if row["reason"] == RUNNING and row["outcome"] is None and not is_running(row["job"]):
            row["reason"] = DIED
    return found


def rows(events: Iterable[Event]) -> list[Row]:
    """A row for everything that ran, was skipped or was missed, newest first.

    A run stands where it began. One that has begun and not ended has no outcome.
    """
    found: dict[str, Row] = {}
    for number, event in enumerate(events):
        row = row_of(event)
        if row is not None:
            found[row["run_id"] or f"event {number}"] = row
    return list(reversed(found.values()))


def is_failure(row: Row) -> bool:
    """Whether a person should be told of the run in this row."""
    return row["outcome"] is not None and Outcome(row["outcome"]).is_failure


def row_of(event: Event) -> Row | None:
    """The row that one event makes; None if it makes none."""
    make = _MAKERS.get(event.get("event", ""))
    if make is None or not isinstance(event.get("job"), str):
        return None
    return make(event)


def _starts(names: list[str], since: datetime | None) -> Iterator[Position | None]:
    """From where to read: the newest file, then the two newest, four, eight, all."""
    if since is not None:
        names = [name for name in names if name >= file_name(since)]
    back = 1
    while back < len(names):
        yield Position(names[-back], 0)
        back *= 2
    if names:
        yield Position(names[0], 0)


def _begun(event: Event) -> Row | None:
    row = _row(event)
    row["started_at"] = row["finished_at"]
    row["finished_at"] = None
    row["reason"] = RUNNING
    return row if row["run_id"] else None


def _ended(event: Event) -> Row | None:
    row = _row(event)
    known = event.get("outcome") in list(Outcome)
    return row if row["run_id"] and known else None


def _deferred(event: Event) -> Row | None:
    row = _row(event)
    row["reason"] = f"not now: {row['reason'] or 'no reason given'}"
    return row if row["run_id"] else None


def _skipped(event: Event) -> Row | None:
    return {**_row(event), "run_id": None, "outcome": Outcome.SKIPPED.value}


def _missed(event: Event) -> Row | None:
    count = _number(event, "count", 1)
    return {
        **_row(event),
        "run_id": None,
        "outcome": Outcome.MISSED.value,
        "slot": _text(event, "last"),
        "missed": count,
        "missed_capped": count >= COUNT_CAP,
        "reason": _text(event, "cause"),
    }


def _row(event: Event) -> Row:
    duration, missed = event.get("duration_seconds"), _number(event, "missed", 0)
    return {
        "run_id": _text(event, "run_id"),
        "job": event["job"],
        "slot": _text(event, "slot"),
        "outcome": _text(event, "outcome"),
        "reason": _text(event, "reason"),
        "attempt": _number(event, "attempt", 1),
        "catch_up": event.get("catch_up") is True,
        "missed": missed,
        "started_at": _text(event, "started_at"),
        "finished_at": _text(event, "finished_at") or _text(event, "at"),
        "duration_seconds": duration if isinstance(duration, int | float) else None,
        "result": event.get("result"),
        "error": _text(event, "error"),
        "retry_at": _text(event, "retry_at"),
        "missed_capped": missed >= COUNT_CAP,
    }


def _text(event: Event, key: str) -> str | None:
    value = event.get(key)
    return value if isinstance(value, str) and value else None


def _number(event: Event, key: str, default: int) -> int:
    value = event.get(key)
    return value if isinstance(value, int) else default


_MAKERS: dict[str, Callable[[Event], Row | None]] = {
    "begin": _begun,
    "end": _ended,
    "deferred": _deferred,
    "skipped": _skipped,
    "missed": _missed,
}
