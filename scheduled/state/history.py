"""The history: from the journal's events to rows, one for each run, newest first.

A row is a slot, or a run by hand, and how it ended. Its keys are those of `run --json` and
`history --json`. The journal also has lines of older and newer versions: those that make no row
are skipped.
"""

import itertools
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypedDict

from scheduled.jobs.model import Outcome
from scheduled.quick_classes import NamedTuple
from scheduled.state import lines
from scheduled.state.journal import Journal
from scheduled.state.line_index import lines_about
from scheduled.state.lines import Event
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.slots import COUNT_CAP

DEFAULT_LIMIT = 50

CLOCK_STEP = timedelta(hours=3)
"""A clock may have been set back by this much: events are no more out of order than that."""

RUNNING = "running"
NOT_NOW = "not now: "
"""How the reason begins of a run, or a slot, that was put off."""
DIED = "its tick died, the next one records how it ended"
ENDED = "it has ended, the next tick records how"
"""Of a run that no tick waits for."""
IN_PROGRESS_ON = "in progress on {host} as recorded; this host cannot see whether it still is"
"""Of a run in a state that belongs to another host."""


class Row(TypedDict):
    """One run, or one range of missed slots. Instants are UTC, ISO 8601, with `Z`.

    The manual has the texts below the keys.
    """

    run_id: str | None
    """the id of the run; null if nothing ran"""
    job: str
    """the id of the job"""
    slot: str | None
    """the scheduled time; null for a run by hand; of several missed ones the last"""
    outcome: str | None
    """one of the [outcomes](runs.md#outcomes); null while it runs, and after "not now", which is
    no end"""
    reason: str | None
    """why it was skipped, missed, interrupted or put off; null if there is nothing to say"""
    attempt: int
    """1, or more for a retry"""
    catch_up: bool
    """whether it is a catch-up run"""
    missed: int
    """how many older scheduled times the run covers; how many were missed"""
    started_at: str | None
    """when it began"""
    finished_at: str | None
    """when it ended, or when it was recorded that it is skipped or missed"""
    duration_seconds: float | None
    """how long it took"""
    result: Any
    """what the command or handler returned"""
    error: str | None
    """what went wrong"""
    retry_at: str | None
    """when it is tried again"""
    missed_capped: bool
    """whether counting ended at `missed`, and there may be more"""
    given: dict[str, Any] | None
    """what a run by hand was given, without secrets: `params`, `env`, `detached`; null for none"""
    moved_from: str | None
    """the day from which the run was moved, as the job does not run on that day; null if it was
    not"""
    where: dict[str, Any] | None
    """where it ran if not on this machine: its `executor` and, as far as they are known, `host`,
    `user`, `worker` and `pid`; else null"""


COLUMNS = tuple(Row.__annotations__)


class HistoryQuery(NamedTuple):
    """Which rows to select; None selects all."""

    job: str | None = None
    since: datetime | None = None
    """Ended at this instant or later. A run that is still running always counts as later."""
    outcome: Outcome | None = None
    limit: int = DEFAULT_LIMIT
    """0 selects all."""
    run: str | None = None
    """The id of a run, or how it begins."""

    def accepts(self, row: Row) -> bool:
        """Return whether the row is selected."""
        if self.job is not None and row["job"] != self.job:
            return False
        if self.outcome is not None and row["outcome"] != self.outcome:
            return False
        if self.run is not None and not (row["run_id"] or "").startswith(self.run):
            return False
        ended = parse_utc(row["finished_at"])
        return self.since is None or ended is None or ended >= self.since


def read(
    journal: Journal,
    query: HistoryQuery,
    is_running: Callable[[str], bool],
    active: Iterable[str] = (),
    other_host: str = "",
) -> list[Row]:
    """Return the selected rows, newest first, reading no more of the journal than needed.

    `is_running` tells whether a job runs now; it is asked about runs that have no end. `active` are
    the ids of the runs in progress: their starts are looked for, however long ago. `other_host` is
    the owner of the state if that is not this host. Raises StateError if the journal cannot be
    read.
    """
    found = newest_first(journal, query.job, query.since, active)
    accepted = (row for row in found if query.accepts(row))
    selected = list(itertools.islice(accepted, query.limit or None))
    for row in selected:
        if row["reason"] == RUNNING and row["outcome"] is None and not is_running(row["job"]):
            row["reason"] = unfinished(row, other_host)
    return selected


def unfinished(row: Row, other_host: str = "") -> str:
    """Return the reason of a run that does not go on here, and whose end is not on record."""
    if other_host:
        return IN_PROGRESS_ON.format(host=other_host)
    return ENDED if (row["given"] or {}).get("detached") else DIED


def newest_first(
    journal: Journal,
    job: str | None = None,
    since: datetime | None = None,
    active: Iterable[str] = (),
) -> Iterator[Row]:
    """Yield a row for everything that ran, was skipped or was missed, as `rows` does.

    Reads the journal backwards, a block at a time, and stops where all is older than `since`. If
    the start of a run is not found where it should be, the run has the place where it should be.
    """
    ended: dict[str, Row] = {}  # runs by id, whose start has not been read
    yielded: set[str] = set()  # those whose start should have been read by then
    called_off = _CalledOff()
    wanted = set(active)
    oldest = format_utc(since - CLOCK_STEP) if since is not None else ""
    for event in _backwards(journal, job, _SHOWN):
        at = _text(event, "at") or oldest
        if at < oldest and not ended and not wanted:
            return
        overdue = [run for run, row in ended.items() if at < (row["started_at"] or "")]
        yield from map(ended.pop, overdue)
        yielded.update(overdue)
        row = called_off.seen(event, row_of(event))
        if row is None or row["run_id"] in yielded:
            continue
        run_id = row["run_id"]
        if run_id is None or not row["started_at"]:
            yield row
        elif event["event"] == "begin":
            wanted.discard(run_id)
            yield ended.pop(run_id, row)
        else:
            ended.setdefault(run_id, row)
    yield from ended.values()


def events(
    journal: Journal, kinds: Container[str], job: str | None = None, since: datetime | None = None
) -> Iterator[Event]:
    """Yield the events of some kinds, of one job or all, newest first, those from `since` on.

    Reads the journal backwards, a block at a time, and stops where all is older. Raises StateError.
    """
    for day in reversed(journal.names()):
        found = EventsOfDay(journal, day, kinds, job, since)
        yield from found
        if found.is_last:
            return


class EventsOfDay:
    """The events of one file of the journal, as `events` yields them."""

    def __init__(
        self,
        journal: Journal,
        day: str,
        kinds: Container[str],
        job: str | None = None,
        since: datetime | None = None,
    ) -> None:
        self._found = _of_day(journal, day, job, kinds)
        self._first = format_utc(since) if since is not None else ""
        self._oldest = format_utc(since - CLOCK_STEP) if since is not None else ""
        self.is_last = False
        """Whether all events before those that were yielded are older than `since`."""
        self.earliest: str | None = None
        """The earliest instant of all that were looked at; None if none says when it was."""

    def __iter__(self) -> Iterator[Event]:
        """Yield the events from `since` on, newest first. Raises StateError."""
        for event in self._found:
            at = _text(event, "at")
            if at is None:
                yield event
                continue
            self.earliest = at if self.earliest is None else min(self.earliest, at)
            self.is_last = at < self._oldest
            if self.is_last:
                return
            if at >= self._first:
                yield event


def _backwards(journal: Journal, job: str | None, kinds: Container[str]) -> Iterator[Event]:
    """Yield the events of some kinds, newest first."""
    for day in reversed(journal.names()):
        yield from _of_day(journal, day, job, kinds)


def _of_day(journal: Journal, day: str, job: str | None, kinds: Container[str]) -> Iterator[Event]:
    """Yield the events of some kinds in a file, newest first; only those of `job` are parsed."""
    found = journal.backwards(day) if job is None else lines_about(journal, day, job)
    for _, text in found:
        if not may_be(text, kinds):
            continue
        event = lines.decode(text) or lines.repair(text)
        # What another job returned may name it.
        if event is not None and event["event"] in kinds and job in (None, event.get("job")):
            yield event


def may_be(text: bytes, kinds: Container[str]) -> bool:
    """Return False if a line is surely of none of these kinds of events."""
    _, mark, rest = text[:120].partition(b'"event":"')
    return not mark or rest.partition(b'"')[0].decode("ascii", "replace") in kinds


class _CalledOff:
    """The retries that were called off, while events are read from the newest to the oldest.

    The run before such a retry has a `retry_at` on record that has come to nothing.
    """

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str | None], str | None] = {}
        """By job and slot; None for a slot that ended as skipped, which says why itself."""

    def seen(self, event: Event, row: Row | None) -> Row | None:
        """Take in the next event; return its row without a time of a retry that never came."""
        slot = event.get("job", ""), _text(event, "slot")
        if event.get("event") == "given_up":
            self._reasons[slot] = _text(event, "reason")
        elif row is not None and row["run_id"] is None and _is_put_off(row):
            self._reasons[slot] = None
        elif row is not None and row["retry_at"] and slot in self._reasons:
            reason = self._reasons.pop(slot)
            return {**row, "retry_at": None, "reason": _not_again(reason) or row["reason"]}
        return row


def _is_put_off(row: Row) -> bool:
    return row["outcome"] == Outcome.SKIPPED and (row["reason"] or "").startswith(NOT_NOW)


def _not_again(reason: str | None) -> str:
    return f"not tried again: {reason}" if reason else ""


def rows(events: Iterable[Event]) -> list[Row]:
    """Return a row for everything that ran, was skipped or was missed, newest first.

    A run has the place of its start. One that has not ended has no outcome.
    """
    by_run: dict[str, Row] = {}
    called_off = _CalledOff()
    for number, event in reversed([*enumerate(events)]):
        row = called_off.seen(event, row_of(event))
        if row is None:
            continue
        key = row["run_id"] or f"event {number}"
        by_run[key] = by_run.pop(key, row)  # how it ended, in the place of its start
    return list(by_run.values())


def is_failure(row: Row) -> bool:
    """Return whether the run in this row failed."""
    return row["outcome"] is not None and Outcome(row["outcome"]).is_failure


def row_of(event: Event) -> Row | None:
    """Return the row of an event, or None if it has none."""
    make = _MAKERS.get(event.get("event", ""))
    if make is None or not isinstance(event.get("job"), str):
        return None
    return make(event)


def row_of_called_off(event: Event) -> Row | None:
    """Return the row of a slot that is not tried again: its last attempt, and why that was it."""
    if event.get("event") != "given_up" or not event.get("dead_letter"):
        return None
    reason = _not_again(_text(event, "reason"))
    return {**_row(event), "run_id": _text(event, "run_id"), "reason": reason}


def _started(event: Event) -> Row | None:
    row = _row(event)
    row["started_at"] = row["finished_at"]
    row["finished_at"] = None
    row["reason"] = RUNNING
    return row if row["run_id"] else None


def _ended(event: Event) -> Row | None:
    row = _row(event)
    return row if row["run_id"] and row["outcome"] in _OUTCOMES else None


def _not_now(event: Event) -> Row | None:
    row = _row(event)
    row["reason"] = f"{NOT_NOW}{row['reason'] or 'no reason given'}"
    return row if row["run_id"] else None


def _skipped(event: Event) -> Row | None:
    count = _number(event, "count", 0)
    return {**_row(event), "run_id": None, "outcome": Outcome.SKIPPED.value, "missed": count}


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
        "given": given if isinstance(given := event.get("given"), dict) else None,
        "moved_from": _text(event, "moved_from"),
        "where": where if isinstance(where := event.get("where"), dict) else None,
    }


def _text(event: Event, key: str) -> str | None:
    value = event.get(key)
    return value if isinstance(value, str) and value else None


def _number(event: Event, key: str, default: int) -> int:
    value = event.get(key)
    return value if isinstance(value, int) else default


_MAKERS: dict[str, Callable[[Event], Row | None]] = {
    "begin": _started,
    "end": _ended,
    "deferred": _not_now,
    "skipped": _skipped,
    "missed": _missed,
}
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_SHOWN = frozenset((*_MAKERS, "given_up"))
"""The kinds of events from which the history is made."""
