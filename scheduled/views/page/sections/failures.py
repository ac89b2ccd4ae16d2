"""The last lines that failed runs printed: of each job the newest one, newest first."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

from scheduled.quick_classes import NamedTuple
from scheduled.runs import output_files
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.page.facts import Facts
from scheduled.views.page.past.looks import Look
from scheduled.views.page.sections import strips

FAILURES = (Look.FAILED, Look.TIMED_OUT)
JOBS = 10
LINES = 20


class Failure(NamedTuple):
    """A run that failed."""

    job: str
    run_id: str
    at: datetime | None
    ended: str
    lines: tuple[str, ...]
    log: str
    """The file with all of it; empty if it printed nothing."""


def model(facts: Facts) -> list[Failure] | None:
    """Return the failures; None if the page is to show no output. Raises StateError."""
    if not facts.with_output:
        return None
    return [_failure(facts, row) for row in _newest_of_each_job(facts)]


def _newest_of_each_job(facts: Facts) -> Iterator[Row]:
    """Yield the newest failure of each job, newest first.

    When it was is known from what the pictures are made from; so nothing is read of jobs that did
    not fail.
    """
    newest = {
        job: max(mark.at for mark in past.failures if mark.look in FAILURES)
        for job, past in facts.past.week.jobs.items()
        if any(mark.look in FAILURES for mark in past.failures)
    }
    for job in sorted(newest, key=lambda job: -newest[job])[:JOBS]:
        since = datetime.fromtimestamp(newest[job], UTC)
        rows = history.newest_first(facts.journal, job, since)
        yield from itertools.islice(filter(history.is_failure, rows), 1)


def _failure(facts: Facts, row: Row) -> Failure:
    path = output_files.log_path(facts.snapshot.state_dir, row["job"], row["run_id"])
    return Failure(
        row["job"],
        row["run_id"] or "",
        parse_utc(row["finished_at"]),
        _ended(facts, row),
        tuple(strips.last_lines(facts, row["job"], row["run_id"], LINES)),
        str(path) if path else "",
    )


def _ended(facts: Facts, row: Row) -> str:
    ended = wording.ended(row["outcome"], row["error"], row["reason"])
    return f"{ended}, {facts.cut(wording.where(row['where']))}" if row["where"] else ended
