"""`scheduled defer`: run a job once at a later time, and not before."""

from datetime import datetime

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import for_each, jobs_argument
from scheduled.cli.registering import put_on_record
from scheduled.cli.when import ahead
from scheduled.config.lookup import find_jobs
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.state import events
from scheduled.state.records import job_memory
from scheduled.system.text import one_line
from scheduled.views.format import clock_and_distance, counted


@command()
@jobs_argument
@click.option(
    "--until",
    required=True,
    metavar="WHEN",
    help="2h, 18:00, tomorrow 8:00, mon, an ISO date and time.",
)
@click.option("--reason", default="", help="Why; recorded with the deferral.")
@click.pass_obj
@changes_state
def defer(session: Session, names: tuple[str, ...], *, until: str, reason: str) -> int:
    """Run JOB once at a time, and not before.

    Then its schedule continues. `resume` ends a deferral early.
    """
    jobs = find_jobs(session.config, names)
    put_on_record(session, [job.id for job in jobs])
    end = ahead("--until", until, session.now, session.config.timezone)
    return for_each(jobs, lambda job: _defer(session, job, end, one_line(reason, 200)))


def _defer(session: Session, job: Job, until: datetime, reason: str) -> None:
    if not decide.is_enabled(job, job_memory(session.store.state, job.id)):
        raise UsageError(f"{job.id} is not enabled and would not run then; enable it first")
    session.keep(events.job_deferred(job.id, until, reason))
    count = session.store.state["jobs"][job.id]["deferral_count"]
    when = clock_and_distance(until, session.now, session.zone)
    session.say(f"{job.id} is deferred until {when}; deferred {counted(count, 'time')} so far.")
