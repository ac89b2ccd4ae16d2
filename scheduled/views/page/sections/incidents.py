"""The incidents of the time the page looks back on: those that are open, then the newest."""

from datetime import datetime

from scheduled.quick_classes import NamedTuple
from scheduled.state.incident_entries import Incident, closed_incidents
from scheduled.views import incidents
from scheduled.views.format import span
from scheduled.views.page.facts import Facts
from scheduled.views.wording import printed

MOST = 300
"""`scheduled incidents --all` has more; of those that ended, the state keeps a hundred."""


class Entry(NamedTuple):
    """An incident in a line."""

    id: str
    job: str
    kind: str
    since: datetime
    lasted: str
    is_open: bool
    times: int
    words: str
    """The last error, or how it ended."""


def model(facts: Facts) -> list[Entry]:
    """Return the open incidents and those that ended lately, newest first."""
    ended = [
        incident
        for incident in closed_incidents(facts.snapshot.state)
        if incident.closed_at is not None and incident.closed_at >= facts.oldest
    ]
    newest_first = sorted(ended, key=lambda each: each.since, reverse=True)
    found = [*reversed(facts.incidents), *newest_first]
    return [_entry(facts, incident) for incident in found[:MOST]]


def _entry(facts: Facts, incident: Incident) -> Entry:
    end = incident.closed_at or facts.now
    return Entry(
        incident.id,
        incident.job,
        incidents.WORDS.get(incident.kind, incident.kind),
        incident.since,
        span(max((end - incident.since).total_seconds(), 0)),
        incident.closed_at is None,
        incident.times,
        facts.cut(printed((incident.last_error or incident.end).partition("\n")[0])),
    )
