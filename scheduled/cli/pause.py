"""`scheduled pause`: skip the runs of a job, or of all jobs, until they are resumed.

What comes in a pause ends as skipped, with the reason that was given, and is not run afterwards.
"""

from datetime import datetime

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import jobs_or_all_argument
from scheduled.cli.when import after, ahead
from scheduled.config.lookup import find_jobs
from scheduled.errors import UsageError
from scheduled.planning.pausing import subject
from scheduled.state import events
from scheduled.state.records import ALL_JOBS
from scheduled.system.text import one_line
from scheduled.views.format import clock_and_distance


@command()
@jobs_or_all_argument
@click.option("--for", "length", metavar="TIME", help="How long: 90m, 2 days.")
@click.option("--until", metavar="WHEN", help="Until then: 18:00, tomorrow 8:00, mon, an ISO date.")
@click.option("--reason", default="", help="Why; recorded with every skipped run.")
@click.pass_obj
@changes_state
def pause(
    session: Session, names: tuple[str, ...], *, length: str | None, until: str | None, reason: str
) -> None:
    """Skip the runs of JOB, or of all jobs, until a time or `resume`."""
    if length and until:
        raise UsageError("--for and --until exclude each other; give one of them")
    found = [job.id for job in find_jobs(session.config, names)] if names else [ALL_JOBS]
    end = _end(session, length, until)
    session.keep(*(events.job_paused(name, end, one_line(reason, 200)) for name in found))
    when = (
        f" until {clock_and_distance(end, session.now, session.zone)}"
        if end
        else " until `scheduled resume`"
    )
    for name in found:
        session.say(f"{subject(name)} paused{when}. A run in progress continues.")


def _end(session: Session, length: str | None, until: str | None) -> datetime | None:
    if length is not None:
        return after("--for", length, session.now, "--until")
    if until is not None:
        return ahead("--until", until, session.now, session.config.timezone)
    return None
