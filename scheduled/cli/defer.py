"""`scheduled defer`: run a job once at a later time, and not before."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.registering import put_on_record
from scheduled.cli.when import ahead
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.planning import decide
from scheduled.state import events
from scheduled.state.records import job_memory
from scheduled.system.text import one_line
from scheduled.views.format import clock_and_distance, counted


@command()
@click.argument("job")
@click.option(
    "--until",
    required=True,
    metavar="WHEN",
    help="2h, 18:00, tomorrow 8:00, mon, an ISO date and time.",
)
@click.option("--reason", default="", help="Why; recorded with the deferral.")
@click.pass_obj
@changes_state
def defer(session: Session, job: str, *, until: str, reason: str) -> None:
    """Run JOB once at a time, and not before.

    Then its schedule continues. `resume` ends a deferral early.
    """
    configured = find_job(session.config, job)
    put_on_record(session, [configured.id])
    if not decide.is_enabled(configured, job_memory(session.store.state, configured.id)):
        raise UsageError(f"{job} is not enabled and would not run then; enable it first")
    end = ahead("--until", until, session.now, session.config.timezone)
    session.keep(events.job_deferred(configured.id, end, one_line(reason, 200)))
    count = session.store.state["jobs"][configured.id]["deferral_count"]
    when = clock_and_distance(end, session.now, session.zone)
    session.say(f"{job} is deferred until {when}; deferred {counted(count, 'time')} so far.")
