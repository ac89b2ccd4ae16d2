"""`scheduled resume`: end a pause or a deferral."""

import click

from scheduled.cli.context import Session, changes_state
from scheduled.cli.pause import subject
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.state import events
from scheduled.state.records import ALL_JOBS, job_memory, pauses


@click.command()
@click.argument("job", required=False)
@click.pass_obj
@changes_state
def resume(session: Session, job: str | None) -> None:
    """End the pause of JOB, or the pause of all jobs. Skipped runs are not caught up.

    If JOB is deferred, end the deferral; a run that was scheduled meanwhile is due.
    """
    name = find_job(session.config, job).id if job is not None else ALL_JOBS
    if name != ALL_JOBS and job_memory(session.store.state, name).deferral is not None:
        session.keep(events.deferral_ended(name))
        session.say(f"{name} is no longer deferred.")
        return
    paused = [
        paused_name
        for paused_name, pause in pauses(session.store.state).items()
        if pause.covers(session.now)
    ]
    if name not in paused:
        advice = f"; in force: {', '.join(map(_inside, paused))}" if paused else ""
        raise UsageError(f"{_inside(name)} not paused{advice}")
    # Its end is set and the pause kept: what came in it, and no tick has seen, is still skipped.
    session.keep(events.job_resumed(name, session.now))
    session.say(f"{subject(name)} resumed.")


def _inside(name: str) -> str:
    """Return `subject` as it is written inside a sentence."""
    return subject(name).replace("All", "all", 1) if name == ALL_JOBS else subject(name)
