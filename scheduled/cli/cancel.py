"""`scheduled cancel`: cancel a job, and stop its runs."""

import time
from datetime import timedelta

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.values import Number
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.planning import resolve
from scheduled.runs import stop, supervisor
from scheduled.state import events, records
from scheduled.state.records import ActiveRun, job_memory
from scheduled.system import processes
from scheduled.system.text import one_line
from scheduled.views.format import clock_and_distance

BY_HAND = "stopped by hand"
CANCELLED = "cancelled"
HOUR = timedelta(hours=1)


@command()
@click.argument("job", required=False)
@click.option("--reason", default="", help="Why; shown with the job.")
@click.option("--stop", is_flag=True, help="Also stop a run in progress.")
@click.option(
    "--max-hours",
    type=Number(0, whole=False),
    help="Stop runs that last longer; do not cancel the job.",
)
@click.option("--dry-run", is_flag=True, help="Only print what would be stopped.")
@click.pass_obj
@changes_state
def cancel(
    session: Session,
    job: str | None,
    *,
    reason: str,
    stop: bool,
    max_hours: float | None,
    dry_run: bool,
) -> None:
    """Cancel JOB: it does not run again until it is enabled.

    With --max-hours, stop the runs of JOB, or of all jobs, that last longer than that.
    """
    if max_hours is not None:
        if stop:
            raise UsageError("--stop and --max-hours exclude each other; give one of them")
        _stop_long(session, _with_runs(session, job), max_hours, reason, dry_run=dry_run)
        return
    if job is None:
        raise UsageError("name the job to cancel, or runs to stop with --max-hours")
    if dry_run:
        raise UsageError("--dry-run goes with --max-hours")
    if stop and job in _removed(session):
        for run in job_memory(session.store.state, job).runs.values():
            _stop(session, job, run.run_id, reason)
        return
    _cancel(session, find_job(session.config, job), reason, stop=stop)


def _with_runs(session: Session, job: str | None) -> list[str]:
    """Return the job of that id, all that have runs in progress if it is None."""
    if job is None:
        return [*dict.fromkeys(name for name, _ in records.active_runs(session.store.state))]
    return [job if job in _removed(session) else find_job(session.config, job).id]


def _removed(session: Session) -> set[str]:
    """Return the jobs that have runs in progress, and are not configured any more."""
    config = session.known_config
    known = {job.id for job in (*config.jobs, *config.offered)}
    return {job for job, _ in records.active_runs(session.store.state)} - known


def _cancel(session: Session, job: Job, reason: str, *, stop: bool) -> None:
    memory = job_memory(session.store.state, job.id)
    if memory.cancelled is None:
        event = events.job_cancelled(job.id, one_line(reason, 200))
        session.keep(*resolve.call_off(job.id, memory, CANCELLED, job), event)
        session.say(f"{job.id} is cancelled; `scheduled enable {job.id}` undoes that.")
    else:
        session.say(f"{job.id} is already cancelled.")
    for run in memory.runs.values() if stop else ():
        _stop(session, job.id, run.run_id, reason)
    if memory.runs and not stop:
        session.say("Its run in progress continues; --stop stops it, too.")


def _stop_long(
    session: Session, jobs: list[str], hours: float, reason: str, *, dry_run: bool
) -> None:
    too_long = [
        (job, run)
        for job in jobs
        for run in job_memory(session.store.state, job).runs.values()
        if (session.now - run.started_at) / HOUR > hours
    ]
    for job, run in too_long:
        if dry_run:
            since = clock_and_distance(run.started_at, session.now, session.zone)
            session.say(f"{job}: would stop run {run.run_id}, which started {since}.")
        else:
            _stop(session, job, run.run_id, reason)
    if not too_long:
        session.say("No run has lasted longer than that.")


def _stop(session: Session, job: str, run_id: str, reason: str) -> None:
    """Stop a run and wait until it is over. Raises UsageError if it cannot be stopped."""
    why = f"{BY_HAND}{': ' if reason else ''}{one_line(reason, 200)}"
    started = time.monotonic()
    while _escalate(session, job, run_id, why, started):
        time.sleep(stop.POLL.total_seconds())
    session.say(f"{job}: run {run_id} is stopped.")


def _escalate(session: Session, job: str, run_id: str, why: str, started: float) -> bool:
    """Take the next step to end a run; return whether the run is still there."""
    now = session.now + timedelta(seconds=time.monotonic() - started)
    with session.store.locked():
        current = job_memory(session.store.state, job).run(run_id)
        if current is None:
            return False
        if current.stop is not None and not _is_alive(current):
            return False  # the tick that started it, or the next one, records its end
        if not stop.escalate(session.store, job, current, why, now):
            raise UsageError(f"{job}: run {run_id} cannot be stopped by this user")
    return True


def _is_alive(run: ActiveRun) -> bool:
    """Return whether any process of a run is still there."""
    return bool(supervisor.find_survivor(run) or processes.find(run.run_id))
