"""The jobs as a table: `list`, and the jobs of `status`. One row a job, the next to run first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from rich.text import Text

from scheduled.jobs.model import Job
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import job_state, jobs, signs, wording
from scheduled.views.columns import Cell, Column, Grid
from scheduled.views.format import clock, headed, relative
from scheduled.views.snapshot import Snapshot
from scheduled.views.sparkline import RUNS, sparkline

GONE = "package gone"
"""The state of a job whose handler was offered by a package that is no longer installed."""
EMPTY = (
    "No jobs. `scheduled create ID SCHEDULE --command CMD` makes one; `scheduled list --all` has"
    " the built-in jobs that are not in use."
)


def ordered(snapshot: Snapshot) -> list[tuple[Job, datetime | None]]:
    """Return the jobs with their next runs: running and due ones, the others in their order.

    Those that will not run come last, by name.
    """
    rows = [(job, snapshot.next_run(job)) for job in snapshot.jobs]

    def urgency(row: tuple[Job, datetime | None]) -> tuple[bool, bool, Any, str]:
        job, at = row
        is_running = job.id in snapshot.running
        return at is None and not is_running, not is_running, at or snapshot.now, job.id

    return sorted(rows, key=urgency)


def full(snapshot: Snapshot, gone: Iterable[str] = (), hidden: Iterable[str] = ()) -> Grid:
    """Return `list`; `gone` are jobs whose package is gone, `hidden` sources that are left out."""
    grid = Grid(
        Column("JOB"),
        Column(headed("NEXT RUN", snapshot.now, snapshot.zone)),
        Column("STATE", if_any=True),
        Column("LAST RUN", shed=2),
        Column("RESULT", shed=3),
        Column("SCHEDULE", shed=1),
    )
    ago = cache(lambda text: _ago(text, snapshot.now))  # thousands of jobs share a few instants
    awaited = cache(lambda at: next_run(at, snapshot))
    left_out = {*hidden}
    for job, at in ordered(snapshot):
        if job.source in left_out and not at:
            continue
        row = jobs.last_run(snapshot, job)
        state = job_state.styled(job_state.state(snapshot, job))
        schedule = one_line(job.schedule)
        result = outcome(row["last_outcome"])
        grid.add_row(job.id, awaited(at), state, ago(row["last_run"]), result, schedule)
    for name in sorted(gone):
        grid.add_row(one_line(name), "-", job_state.styled(GONE), "", "", "")
    return grid


def brief(
    snapshot: Snapshot,
    rows: Sequence[tuple[Job, datetime | None]],
    runs: Mapping[str, Sequence[Row]],
) -> Grid:
    """Return the jobs of `status`: how each went last, and when it runs next."""
    grid = Grid(
        Column("JOB"),
        Column("RESULT"),
        Column("LAST RUN", shed=1),
        Column(f"LAST {RUNS}", shed=3, if_any=True),
        Column(headed("NEXT RUN", snapshot.now, snapshot.zone)),
        Column("STATE", shed=2, if_any=True),
    )
    for job, at in rows:
        last = jobs.last_run(snapshot, job)
        grid.add_row(
            job.id,
            outcome(last["last_outcome"]),
            _ago(last["last_run"], snapshot.now),
            sparkline(runs.get(job.id, ())),
            next_run(at, snapshot),
            job_state.styled(job_state.state(snapshot, job)),
        )
    return grid


def outcome(word: str | None) -> Text:
    """Return how a run went, with its sign: no colour is needed to see it."""
    if not word:
        return Text("")
    return Text(f"{signs.SIGNS.get(word, '?')} {wording.outcome(word)}", signs.STYLES.get(word, ""))


def next_run(at: datetime | None, snapshot: Snapshot) -> Cell:
    """Return when a job runs next, as on a clock; what is due says since when."""
    if at is None:
        return "-"
    time = clock(at, snapshot.now, snapshot.zone)
    return time if at > snapshot.now else f"due {time}"


def _ago(text: str | None, now: datetime) -> str:
    when = parse_utc(text)
    return relative(when, now) if when else "never"
