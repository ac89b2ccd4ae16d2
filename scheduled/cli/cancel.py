"""The commands about the life of a job and of its runs: defer, cancel."""

import time
from datetime import timedelta

import click

from scheduled.cli.context import Session
from scheduled.cli.when import ahead
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.runs import stop, supervisor
from scheduled.state import events
from scheduled.state.records import ActiveRun, Event, JobMemory, job_memory
from scheduled.system import processes
from scheduled.system.text import one_line
from scheduled.views.format import both, counted

BY_HAND = "stopped by hand"
CANCELLED = "cancelled"
HOUR = timedelta(hours=1)


@click.command()
@click.argument("job")
@click.option("--until", required=True, metavar="WHEN", help="2h, 3d, or a date and time.")
@click.option("--reason", default="", help="Why; it is kept with the deferral.")
@click.pass_obj
def defer(session: Session, job: str, *, until: str, reason: str) -> None:
    """Run JOB once at WHEN and not before; its schedule goes on from there.

    `resume` takes a deferral back.
    """
    found = find_job(session.config, job)
    if not decide.is_enabled(found, job_memory(session.store.state, found.id)):
        raise UsageError(f"{job} is not enabled, so that it could not run then; enable it first")
    end = ahead("--until", until, session.now, session.zone)
    session.keep(events.job_deferred(found.id, end, one_line(reason, 200)))
    count = session.store.state["jobs"][found.id]["deferral_count"]
    when = both(end, session.now, session.zone)
    session.say(f"{job} is deferred until {when}; deferred {counted(count, 'time')} so far.")


@click.command()
@click.argument("job", required=False)
@click.option("--reason", default="", help="Why; it is shown where the job is.")
@click.option("--stop", is_flag=True, help="Stop a run under way, too.")
@click.option(
    "--max-hours", type=click.FloatRange(min=0), help="Stop runs that last longer; cancel no job."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be stopped.")
@click.pass_obj
def cancel(
    session: Session,
    job: str | None,
    *,
    reason: str,
    stop: bool,
    max_hours: float | None,
    dry_run: bool,
) -> None:
    """End the life of JOB: no slot of it runs any more, until `enable`.

    With --max-hours, stop the runs of JOB, or of all jobs, that last longer than that.
    """
    if max_hours is not None:
        if stop:
            raise UsageError("--stop and --max-hours exclude each other; give one of them")
        jobs = [find_job(session.config, job)] if job else list(session.config.jobs)
        _stop_long(session, jobs, max_hours, reason, dry_run=dry_run)
        return
    if job is None:
        raise UsageError("name the job to cancel, or runs to stop with --max-hours")
    if dry_run:
        raise UsageError("--dry-run goes with --max-hours")
    _cancel(session, find_job(session.config, job), reason, stop=stop)


def _cancel(session: Session, job: Job, reason: str, *, stop: bool) -> None:
    known = job_memory(session.store.state, job.id)
    if known.cancelled is None:
        event = events.job_cancelled(job.id, one_line(reason, 200))
        session.keep(*_called_off(job, known), event)
        session.say(f"{job.id} is cancelled; `scheduled enable {job.id}` takes that back.")
    else:
        session.say(f"{job.id} is cancelled already.")
    for opened in known.runs.values() if stop else ():
        _stop(session, job, opened.run_id, reason)
    if known.runs and not stop:
        session.say("Its run under way goes on; --stop ends it, too.")


def _called_off(job: Job, known: JobMemory) -> list[Event]:
    """The end of a slot that waits for its retry; one that is being tried ends with that run."""
    retry = known.retry
    if retry is None or retry.slot in (run.slot for run in known.runs.values()):
        return []
    return [events.retry_cancelled(job.id, retry.slot, CANCELLED)]


def _stop_long(
    session: Session, jobs: list[Job], hours: float, reason: str, *, dry_run: bool
) -> None:
    too_long = [
        (job, opened)
        for job in jobs
        for opened in job_memory(session.store.state, job.id).runs.values()
        if (session.now - opened.started_at) / HOUR > hours
    ]
    for job, opened in too_long:
        if dry_run:
            since = both(opened.started_at, session.now, session.zone)
            session.say(f"{job.id}: would stop run {opened.run_id}, which began {since}.")
        else:
            _stop(session, job, opened.run_id, reason)
    if not too_long:
        session.say("No run lasts longer than that.")


def _stop(session: Session, job: Job, run_id: str, reason: str) -> None:
    """Stop a run and wait until it is over. Raises UsageError if it cannot be stopped."""
    why = f"{BY_HAND}{': ' if reason else ''}{one_line(reason, 200)}"
    started = time.monotonic()
    while _press(session, job, run_id, why, started):
        time.sleep(stop.POLL.total_seconds())
    session.say(f"{job.id}: run {run_id} is stopped.")


def _press(session: Session, job: Job, run_id: str, why: str, started: float) -> bool:
    """Whether the run is still there; if so, the next step to end it was taken."""
    now = session.now + timedelta(seconds=time.monotonic() - started)
    with session.store.locked():
        current = job_memory(session.store.state, job.id).run(run_id)
        if current is None:
            return False
        if current.stop is not None and not _lives(current):
            return False  # the tick that started it, or the next one, records its end
        if not stop.escalate(session.store, job.id, current, why, now):
            raise UsageError(f"{job.id}: run {run_id} cannot be stopped by this user")
    return True


def _lives(opened: ActiveRun) -> bool:
    """Whether anything of a run is still there."""
    return bool(supervisor.survivor(opened) or processes.find(opened.run_id))
