"""The page of `status`, made from its JSON document.

First how things are, in a sentence; then what needs a person, what runs, and how each job went and
when it runs next; last what else is known.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from scheduled.jobs.model import Job
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import estimate, job_table, status_facts, tables, wording
from scheduled.views.attention import Attention, items
from scheduled.views.columns import Column, Grid, Indented, Part
from scheduled.views.format import clock, counted, headed, relative
from scheduled.views.snapshot import Snapshot
from scheduled.views.sparkline import legend

COLORS = {"healthy": "green", "degraded": "yellow", "critical": "red"}
JOBS = 20
"""So many jobs are shown, the next to run."""


def page(
    document: Mapping[str, Any],
    snapshot: Snapshot,
    runs: Mapping[str, Sequence[Row]],
    most: int = JOBS,
) -> list[Part | Text]:
    """Return the page, part by part; `runs` are the last runs of each job, oldest first."""
    found = items(document, snapshot)
    urgent = sum(not item.is_known for item in found)
    parts: list[Part | Text] = [_headline(document, snapshot, urgent)]
    if found:
        parts += [_title("Needs attention"), Attention(found)]
    if document["running"]:
        parts += [_title("Running"), _running(document, snapshot)]
    parts += _jobs(snapshot, runs, most)
    return [*parts, Text(""), tables.pairs(status_facts.facts(document, snapshot))]


def shown_jobs(snapshot: Snapshot, most: int = JOBS) -> list[str]:
    """Return the ids of the jobs that the page shows."""
    return [job.id for job, _ in _chosen(snapshot)[:most]]


def _title(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _headline(document: Mapping[str, Any], snapshot: Snapshot, urgent: int) -> Text:
    word = document["health"]
    parts = [f"{counted(urgent, 'thing')} {'needs' if urgent == 1 else 'need'} attention"]
    if not urgent:
        parts = [counted(document["counts"]["enabled"], "enabled job")]
    if number := len(document["running"]):
        parts.append(f"{number} running")
    if snapshot.last_tick is not None and not urgent:
        parts.append(f"last tick {relative(snapshot.last_tick, snapshot.now)}")
    return Text("scheduled is ").append(word, COLORS[word]).append(f": {', '.join(parts)}")


def _running(document: Mapping[str, Any], snapshot: Snapshot) -> Grid:
    since = headed("SINCE", snapshot.now, snapshot.zone)
    grid = Grid(
        Column("JOB"),
        Column(since),
        Column("PROGRESS", wraps=True),
        Column("RUN", shed=2),
        Column("PROCESS", shed=1),
    )
    for row in document["running"]:
        started = parse_utc(row["since"])
        durations = snapshot.entry(row["job"]).get("durations") or []
        elapsed = (snapshot.now - started).total_seconds() if started else 0.0
        progress = estimate.progress(elapsed, durations, snapshot.now, snapshot.zone)
        grid.add_row(
            one_line(row["job"]),
            clock(started, snapshot.now, snapshot.zone) if started else "?",
            progress,
            one_line(row["run_id"]),
            wording.where(row["where"]) if row["where"] else str(row["pid"] or "unknown"),
        )
    return grid


def _chosen(snapshot: Snapshot) -> list[tuple[Job, Any]]:
    """Return the jobs that run, or have run, the next to run first."""
    return [
        (job, at)
        for job, at in job_table.ordered(snapshot)
        if at is not None or job.id in snapshot.running
    ]


def _jobs(
    snapshot: Snapshot, runs: Mapping[str, Sequence[Row]], most: int
) -> Iterator[Part | Text]:
    rows = _chosen(snapshot)
    if not rows:
        return
    shown = rows[:most]
    yield _title("Jobs, running ones first, then the next to run")
    yield job_table.brief(snapshot, shown, runs)
    if len(rows) > most:
        yield Indented(f"and {len(rows) - most} more; `scheduled list` shows all", "")
    if words := legend(runs.get(job.id, ()) for job, _ in shown):
        yield Indented(words, "")
