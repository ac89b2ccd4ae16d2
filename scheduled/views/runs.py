"""Runs as rows for people: `history`, the last runs in `show`, the summary of a tick.

A row begins with a sign for how it went. Where a terminal is narrow, first the note gets lines of
its own below the row; then columns are left out: when it ended, then the id of the run, then how
long it took.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scheduled.state import history
from scheduled.state.history import Row
from scheduled.timing.instants import parse_utc
from scheduled.views import gaps, signs, wording
from scheduled.views.format import absolute, clock, headed, passed, relative, span, taken
from scheduled.views.noted_rows import Columns, NotedRow, NotedRows

LATE = timedelta(minutes=5)
"""A run that starts so long after its time says so."""
JOB, SCHEDULED, OUTCOME = "JOB", "SCHEDULED", "OUTCOME"
TOOK, WHEN, RUN, NOTE = "TOOK", "WHEN", "RUN", "NOTE"
SHED = (WHEN, RUN, TOOK)


def table(
    rows: Sequence[Row],
    now: datetime | None,
    zone: tzinfo,
    *,
    without: Container[str] = (),
    outages: Iterable[Mapping[str, Any]] = (),
    indent: int = 0,
) -> NotedRows:
    """Return the rows, newest first, with the gaps between them, at `now`, in `zone`.

    `without` are columns that nobody needs here.
    """
    shown = [name for name in (JOB, SCHEDULED, OUTCOME, TOOK, WHEN, RUN) if name not in without]
    texts = {SCHEDULED: headed(SCHEDULED, now, zone)} if now else {}
    columns = Columns(shown, notes=(NOTE,), name=JOB, shed=SHED, texts=texts)
    return NotedRows(
        columns,
        [_row(row, now, zone) for row in rows],
        indent=indent,
        between=_by_row(rows, outages, now, zone),
    )


def _row(row: Row, now: datetime | None, zone: tzinfo) -> NotedRow:
    word, sign = outcome(row)
    slot = parse_utc(row["slot"])
    when = parse_utc(row["finished_at"]) or parse_utc(row["started_at"])
    cells = {
        JOB: row["job"],
        SCHEDULED: _time(slot, now, zone) if slot else "by hand",
        OUTCOME: word,
        TOOK: taken(row["duration_seconds"]),
        WHEN: relative(when, now) if when and now else "",
        RUN: row["run_id"] or "",
        NOTE: note(row, zone, now),
    }
    return NotedRow(cells, signs.SIGNS.get(sign, "?"), signs.STYLES.get(sign, ""), OUTCOME)


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
    if given := wording.given(row["given"]):
        remarks.append(given)
    if row["where"]:
        remarks.append(wording.where(row["where"]))
    if row["moved_from"]:
        remarks.append(f"moved from {row['moved_from']}")
    if row["attempt"] > 1:
        remarks.append(f"attempt {row['attempt']}")
    causes = (_reason(row), row["error"])
    remarks += dict.fromkeys(wording.printed(cause) for cause in causes if cause)
    retry_at = parse_utc(row["retry_at"])
    if retry_at is not None and (now is None or retry_at > now):
        remarks.append(f"retrying at {_time(retry_at, now, zone)}")
    return "; ".join(remarks)


def _reason(row: Row) -> str:
    """Return the reason without what the outcome says already."""
    reason = row["reason"] or ""
    if row["outcome"]:
        return reason
    return "" if reason == history.RUNNING else reason.removeprefix(history.NOT_NOW)


def _lateness(row: Row) -> Iterator[str]:
    if row["outcome"] == "missed" or (row["outcome"] == "skipped" and row["missed"]):
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


def _time(moment: datetime, now: datetime | None, zone: tzinfo) -> str:
    return clock(moment, now, zone) if now else absolute(moment, zone)


def _by_row(
    rows: Sequence[Row], outages: Iterable[Mapping[str, Any]], now: datetime | None, zone: tzinfo
) -> dict[int, list[str]]:
    """Return the gaps by the number of the row that each stands above.

    A gap is older than what was recorded when it was over. What is older than the last row, of
    which no row tells, is left out.
    """
    recorded = [parse_utc(row["started_at"] or row["finished_at"]) for row in rows]
    placed: dict[int, list[str]] = {}
    for gap in outages:
        end = parse_utc(gap.get("to"))
        older = (number for number, at in enumerate(recorded) if at and end and at < end)
        if (number := next(older, None)) is not None:
            placed.setdefault(number, []).append(_gap(gap, now, zone))
    return placed


def _gap(gap: Mapping[str, Any], now: datetime | None, zone: tzinfo) -> str:
    """Return a gap in a line between rows: `asleep: Fri 20 Nov 22:10 to ...; ...`."""
    text, cost = f"{gaps.cause(gap)}: {gaps.when(gap, zone, now)}", gaps.cost(gap)
    return f"{text}; {cost}" if cost else text
