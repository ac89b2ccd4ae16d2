"""`scheduled ack`: a person knows of an incident, and wants no more reminders."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.unread import state_suffices
from scheduled.cli.when import after
from scheduled.config.lookup import find_jobs, is_tag
from scheduled.errors import UsageError
from scheduled.state import incident_events
from scheduled.state.document import State
from scheduled.state.incident_entries import Incident, closed_incidents, open_incidents
from scheduled.system.text import one_line
from scheduled.views.format import clock_and_distance
from scheduled.views.incidents import headline


@command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@click.option("--for", "lasting", metavar="TIME", help="How long: 90m, 2 days. [until it ends]")
@click.pass_obj
@state_suffices
@changes_state
def ack(session: Session, idents: tuple[str, ...], *, lasting: str | None) -> None:
    """Acknowledge incidents, which ends their reminders.

    Their end is told all the same. ID is an id of `scheduled incidents` or its beginning, a job
    with one open incident, or `tag:TAG` for all incidents of the jobs with a tag.
    """
    until = after("--for", lasting, session.now) if lasting is not None else None
    found = [incident for ident in idents for incident in _all_of(session, ident)]
    incidents = {incident.id: incident for incident in found}.values()
    session.keep(*(incident_events.acknowledged(each.case, each.id, until) for each in incidents))
    when = (
        f"until {clock_and_distance(until, session.now, session.zone)}"
        if until
        else "until it ends"
    )
    for incident in incidents:
        session.say(f"{one_line(headline(incident))}: acknowledged {when}.")


def _all_of(session: Session, ident: str) -> list[Incident]:
    """Return the open incidents that an id, a job or a tag means. Raises UsageError."""
    if not is_tag(ident):
        return [_find(session.store.state, ident)]
    jobs = {job.id for job in find_jobs(session.config, [ident])}
    found = [each for each in open_incidents(session.store.state).values() if each.job in jobs]
    if not found:
        raise UsageError(f"no job with {one_line(ident, 60)} has an open incident")
    return found


def _find(state: State, ident: str) -> Incident:
    """Return the open incident of that id or job. Raises UsageError."""
    known, name = open_incidents(state).values(), one_line(ident, 60)
    found = [incident for incident in known if incident.job and incident.job == ident]
    if not found and ident in state["jobs"]:  # which may read like the beginning of an id
        raise UsageError(f"{name!r} has no open incident; `scheduled incidents` lists them")
    if not found and ident:
        found = [incident for incident in known if incident.id.startswith(ident.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(incident.id for incident in found)
        raise UsageError(f"{name!r} means several incidents: {ids}; give the id of one")
    if any(incident.id == ident.lower() for incident in closed_incidents(state)):
        raise UsageError(f"the incident {name} has ended; `scheduled incidents --all` lists it")
    raise UsageError(f"no open incident is called {name!r}; `scheduled incidents` lists them")
