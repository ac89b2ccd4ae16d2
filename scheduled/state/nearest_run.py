"""The run of a job that ended nearest to an instant, and had a result.

Results can be long, so lines are parsed in the order of how near they are, and as a rule only one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from scheduled.state import history, lines
from scheduled.state.journal import Journal
from scheduled.state.line_index import lines_about
from scheduled.timing.instants import format_utc, parse_utc

_HEAD = 120
"""Bytes of a line in which its number, its time and its kind stand."""
_AT = b'"at":"'
_END = frozenset(("end",))


def results(
    journal: Journal, job: str, wanted: datetime, about: timedelta
) -> Iterator[tuple[datetime, Any]]:
    """Yield when a run ended and what it returned, nearest first, no farther away than `about`.

    Raises StateError if the journal cannot be read.
    """
    for _, text in sorted(_near(journal, job, wanted, about), key=lambda each: each[0]):
        event = lines.decode(text) or lines.repair(text)
        if event is None or event["event"] not in _END or event.get("job") != job:
            continue
        row = history.row_of(event)
        ended = parse_utc(row["finished_at"]) if row is not None else None
        if row is not None and ended is not None and abs(ended - wanted) <= about:
            yield ended, row["result"]


def _near(
    journal: Journal, job: str, wanted: datetime, about: timedelta
) -> Iterator[tuple[timedelta, bytes]]:
    """Yield the lines about the ends of runs around an instant, with how far away they are."""
    oldest = format_utc(wanted - about - history.CLOCK_STEP)
    for day in reversed(journal.names()):
        for _, text in lines_about(journal, day, job):
            if not history.may_be(text, _END):
                continue
            _, _, rest = text[:_HEAD].partition(_AT)
            stated = rest.partition(b'"')[0].decode("ascii", "replace")
            at = parse_utc(stated)
            if at is None:
                continue
            if stated < oldest:
                return
            if abs(at - wanted) <= about + history.CLOCK_STEP:
                yield abs(at - wanted), text
