"""The last lines that failed runs printed: of each job the newest one, newest first."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduled.quick_classes import NamedTuple
from scheduled.runs import output_files
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.page import strips
from scheduled.views.page.facts import Facts

LOOKED_BACK = timedelta(days=7)
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
    jobs: set[str] = set()
    for row in history.newest_first(facts.journal, since=facts.now - LOOKED_BACK):
        if history.is_failure(row) and row["job"] not in jobs:
            jobs.add(row["job"])
            yield row
        if len(jobs) == JOBS:
            return


def _failure(facts: Facts, row: Row) -> Failure:
    path = output_files.log_path(facts.snapshot.state_dir, row["job"], row["run_id"])
    return Failure(
        row["job"],
        row["run_id"] or "",
        parse_utc(row["finished_at"]),
        wording.ended(row["outcome"], row["error"], row["reason"]),
        tuple(strips.last_lines(facts, row["job"], row["run_id"], LINES)),
        str(path) if path else "",
    )
