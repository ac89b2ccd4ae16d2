"""The commands that let slots pass on purpose: pause, resume, skip.

What passes in a pause ends as skipped, with the reason that was given, and is not run afterwards.
"""

from datetime import datetime

import click

from scheduled.cli.context import Session
from scheduled.cli.when import ahead
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.decide import answered_until
from scheduled.state import events
from scheduled.state.records import ALL_JOBS, job_memory, pauses
from scheduled.system.text import one_line
from scheduled.timing import slots
from scheduled.views.format import both


@click.command()
@click.argument("job", required=False)
@click.option("--for", "length", metavar="TIME", help="How long: 90m, 2h, 3d.")
@click.option("--until", metavar="WHEN", help="Until then: 18:00, an ISO date, or date and time.")
@click.option("--reason", default="", help="Why; it stands beside every slot that passes.")
@click.pass_obj
def pause(
    session: Session, job: str | None, *, length: str | None, until: str | None, reason: str
) -> None:
    """Let the slots of JOB pass, or of all jobs; without an end, until `resume`."""
    if length and until:
        raise UsageError("--for and --until exclude each other; give one of them")
    name = find_job(session.config, job).id if job is not None else ALL_JOBS
    end = _end(session, length, until)
    session.keep(events.job_paused(name, end, one_line(reason, 200)))
    when = f" until {both(end, session.now, session.zone)}" if end else " until `scheduled resume`"
    session.say(f"{_begun(name)} paused{when}. A run under way goes on.")


@click.command()
@click.argument("job", required=False)
@click.pass_obj
def resume(session: Session, job: str | None) -> None:
    """End the pause of JOB, or the one of all jobs. What passed in it is not run.

    Of a job that is deferred it ends the deferral, and what passed meanwhile is due.
    """
    name = find_job(session.config, job).id if job is not None else ALL_JOBS
    if name != ALL_JOBS and job_memory(session.store.state, name).deferral is not None:
        session.keep(events.deferral_ended(name))
        session.say(f"{name} is deferred no longer.")
        return
    held = [one for one, kept in pauses(session.store.state).items() if kept.covers(session.now)]
    if name not in held:
        advice = f"; in force: {', '.join(map(_named, held))}" if held else ""
        raise UsageError(f"{_named(name)} not paused{advice}")
    # Its end is set and the pause kept: what came in it, and no tick has seen, is still skipped.
    session.keep(events.job_resumed(name, session.now))
    session.say(f"{_begun(name)} resumed.")


@click.command()
@click.argument("job")
@click.pass_obj
def skip(session: Session, job: str) -> None:
    """Leave out the next slot of JOB; the one after it runs again."""
    found = find_job(session.config, job)
    if job_memory(session.store.state, found.id).deferral is not None:
        raise UsageError(f"{job} is deferred; `scheduled resume {job}` takes that back")
    slot = _next_slot(session, found)
    if slot is None:
        raise UsageError(f"{job}: no slot will come that could be skipped")
    session.keep(events.skip_requested(found.id, slot))
    session.say(f"{job}: {both(slot, session.now, session.zone)} is left out.")


def _end(session: Session, length: str | None, until: str | None) -> datetime | None:
    if length is not None:
        return ahead("--for", length, session.now, session.zone)
    if until is not None:
        return ahead("--until", until, session.now, session.zone)
    return None


def _next_slot(session: Session, job: Job) -> datetime | None:
    known = job_memory(session.store.state, job.id)
    after = answered_until(job, known, session.now)
    return slots.following(schedule_of(job), after, known.anchor or session.now)


def _begun(name: str) -> str:
    """`_named`, where a sentence begins with it."""
    return "All jobs are" if name == ALL_JOBS else _named(name)


def _named(name: str) -> str:
    return "all jobs are" if name == ALL_JOBS else f"{name} is"
