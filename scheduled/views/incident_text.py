"""Incidents for a person: the block that cron mails, and the words of a message."""

from datetime import datetime, tzinfo

from scheduled.planning.incidents import Act
from scheduled.state.incident_entries import Incident
from scheduled.system.text import one_line, output_line
from scheduled.views.format import absolute, counted, span
from scheduled.views.incidents import MOMENTS, headline
from scheduled.views.wording import printed

LINES = 10


def subject(act: Act, incident: Incident, now: datetime) -> str:
    """Return what became of an incident, in a line: `backup: failing`."""
    about = one_line(headline(incident))
    lasted = span((now - incident.since).total_seconds())
    match act:
        case Act.CLOSE:
            return f"{about}: over after {lasted}"
        case Act.REMIND if incident.kind in MOMENTS:
            return f"{about}: {counted(incident.times, 'time')} in {lasted}"
        case Act.REMIND:
            return f"{about}: for {lasted} now"
        case _:
            return about


def block(act: Act, incident: Incident, text: str, now: datetime, zone: tzinfo) -> str:
    """Return a few plain lines about what became of an incident; `text` is why."""
    why = text if act is Act.CLOSE else incident.last_error or text
    lines = [subject(act, incident, now), *_printed(why)]
    lines.append(f"  {', '.join(_facts(incident, zone))}")
    more = remarks(incident)
    lines += more[:-1] if act is Act.CLOSE else more
    return "\n".join(lines)


def remarks(incident: Incident) -> list[str]:
    """Return the last lines of a block: what has changed, and how to say that it is known."""
    return [f"  {line}" for line in (*map(one_line, incident.changed), silence(incident))]


def silence(incident: Incident) -> str:
    """Return how a person says that they know of an incident."""
    return f"incident {incident.id}; `scheduled ack {incident.id}` stops the reminders"


def _printed(why: str) -> list[str]:
    lines = printed(why).splitlines()
    more = [f"  and {len(lines) - LINES} more"] if len(lines) > LINES else []
    return [*(f"  {output_line(line)}" for line in lines[:LINES]), *more]


def _facts(incident: Incident, zone: tzinfo) -> list[str]:
    facts = [f"since {absolute(incident.since.replace(microsecond=0), zone)}"]
    return [*facts, counted(incident.times, "time")] if incident.times > 1 else facts
