"""Incidents as rows of `incidents --json` and `status`, and as sentences for a person."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.state.document import State
from scheduled.state.incident_entries import (
    Incident,
    closed_incidents,
    is_acknowledged,
    open_incidents,
)
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.views.format import counted, relative, span
from scheduled.views.wording import printed

if TYPE_CHECKING:
    from scheduled.views.noted_rows import NotedRows
    from scheduled.views.snapshot import Snapshot

WORDS = {
    "failing": "failing",
    "dead_letter": "failed for good",
    "suspended": "suspended",
    "missed": "no success for too long",
    "slow": "unusually slow",
    "deadline": "ended far too early",
    "configuration": "configuration broken",
    "state": "state damaged or unusable",
    "disk": "no space or resource left",
    "undeliverable": "messages not delivered",
    "unreachable": "executor out of reach",
    "no_ticks": "cron did not run",
    "error_rate": "many runs fail",
}
"""What is printed for each kind."""
MOMENTS = frozenset(("no_ticks",))
"""The kinds that are over when they are found; an incident stays open for a while."""


def rows(state: State, now: datetime, *, closed: bool = False) -> list[dict[str, Any]]:
    """Return the open incidents, oldest first; with `closed` those that ended before them."""
    found = [*(closed_incidents(state) if closed else []), *open_incidents(state).values()]
    return [row(incident, now) for incident in sorted(found, key=lambda each: each.since)]


def row(incident: Incident, now: datetime) -> dict[str, Any]:
    """Return an incident as JSON."""
    reminded = incident.told_at if incident.reminders else None
    return {
        "id": incident.id,
        "job": incident.job or None,
        "kind": incident.kind,
        "since": format_utc(incident.since),
        "count": incident.times,
        "last_at": format_utc(incident.last_at),
        "reminded_at": format_utc(reminded),
        "acknowledged_until": format_utc(incident.acknowledged_until),
        "first_error": incident.first_error,
        "last_error": incident.last_error,
        "changed": [*incident.changed],
        "status": _status(incident, now),
        "closed_at": format_utc(incident.closed_at),
        "end": incident.end,
    }


def table(rows: Iterable[Mapping[str, Any]], now: datetime) -> "NotedRows":
    """Return the rows for a person: one an incident, with its last error as a note."""
    from scheduled.views.noted_rows import Columns, NotedRow, NotedRows

    found = []
    for row in rows:
        since = parse_utc(row["since"])
        error = row["end"] if row["status"] == "closed" else row["last_error"]
        cells = {
            "ID": row["id"],
            "JOB": row["job"] or "-",
            "KIND": WORDS.get(row["kind"], row["kind"]),
            "SINCE": relative(since, now) if since else "",
            "COUNT": row["count"],
            "STATUS": row["status"],
            "ERROR": printed(error.partition("\n")[0]),
        }
        found.append(NotedRow(cells, _SIGNS.get(row["status"], ""), _STYLES.get(row["status"], "")))
    shown = ("ID", "JOB", "KIND", "SINCE", "COUNT", "STATUS")
    shed = ("COUNT", "SINCE", "STATUS")
    return NotedRows(Columns(shown, ("ERROR",), name="JOB", shed=shed), found)


_SIGNS = {"open": "✗", "acknowledged": "!", "closed": "✓"}
_STYLES = {"open": "red", "acknowledged": "yellow", "closed": "green"}


def _status(incident: Incident, now: datetime) -> str:
    if incident.closed_at is not None:
        return "closed"
    return "acknowledged" if is_acknowledged(incident, now) else "open"


def headline(incident: Incident) -> str:
    """Return what an incident is about, in a line: `backup: failing`."""
    words = WORDS.get(incident.kind, incident.kind)
    return f"{incident.job}: {words}" if incident.job else words


def sentence(incident: Incident, now: datetime) -> str:
    """Return an open incident in a sentence."""
    error = printed(incident.last_error.partition("\n")[0])
    since = lasting(incident, now)
    return f"{headline(incident)} {since}: {error} (incident {incident.id})"


def advice(incident: Incident) -> str:
    """Return the command that helps a person with an open incident."""
    job = incident.job
    by_kind = {
        "missed": f"why {job}",
        "suspended": f"enable {job}",
        "configuration": "config validate",
        "state": "state check",
        "disk": "doctor",
        "undeliverable": "notify test",
        "unreachable": "executors",
        "no_ticks": "history --gaps",
        "error_rate": "history --outcome failed",
    }
    return (
        f"scheduled {by_kind.get(incident.kind) or (f'logs {job} --failed' if job else 'doctor')}"
    )


def lasting(incident: Incident, now: datetime) -> str:
    """Return for how long an incident has been open, and how often it went wrong."""
    lasted = span((now - incident.since).total_seconds())
    known = ", acknowledged" if is_acknowledged(incident, now) else ""
    often = f", {counted(incident.times, 'time')}" if incident.times > 1 else ""
    return (f"{lasted} ago" if incident.kind in MOMENTS else f"for {lasted}") + often + known


def about(job: str, snapshot: "Snapshot") -> Iterable[str]:
    """Yield a sentence for each open incident of a job."""
    for incident in open_incidents(snapshot.state).values():
        if incident.job == job:
            since = snapshot.time_and_distance(incident.since)
            words = WORDS.get(incident.kind, incident.kind)
            yield f"incident {incident.id} is open since {since}: {words}"
