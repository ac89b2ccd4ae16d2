"""`scheduled next`: the upcoming runs of one job, or of all."""

import re

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.values import Number
from scheduled.config.job_keys import ID
from scheduled.config.lookup import find_job
from scheduled.errors import ScheduleError, UsageError
from scheduled.timing import expression
from scheduled.timing.schedule import Schedule
from scheduled.views import due_runs, upcoming

RUNS = 5
"""So many runs are listed if nobody says how many."""


@command("next")
@click.argument("job", required=False, metavar="[JOB|SCHEDULE]")
@click.option(
    "-n",
    "count",
    type=Number(1, 10_000),
    help="How many to list: runs of JOB or SCHEDULE [5], or jobs [all].",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Explain why each run is scheduled, and what happens if it is missed.",
)
@json_option
@click.pass_obj
def next_runs(
    session: Session, job: str | None, *, count: int | None, explain: bool, as_json: bool
) -> None:
    """List the upcoming runs of one job, or the next run of each.

    With --json and no JOB, the next runs of all jobs together. Of a SCHEDULE, such as "0 6 L * *",
    says in words what it means, and when a job would run.
    """
    schedule = _schedule(session, job) if job is not None else None
    if schedule is not None:
        _print_schedule(session, schedule, count or RUNS, explain=explain, as_json=as_json)
        return
    configured = find_job(session.config, job) if job is not None else None
    snapshot = session.snapshot(is_on_screen=not as_json)
    if configured is not None:
        document = upcoming.of_job(snapshot, configured, count or RUNS, explain=explain)
    elif as_json:
        document = upcoming.of_all(snapshot, count or RUNS, explain=explain)
    else:
        document = upcoming.of_each(snapshot, count, explain=explain)
    jobs = snapshot.jobs if configured is None else [configured]
    document["due"] = due_runs.rows(snapshot, jobs, explain=explain)
    if as_json:
        print_json(document)
        return
    from scheduled.views import next_page

    show(session, *next_page.page(document, snapshot.now, most=count))


def _schedule(session: Session, text: str) -> Schedule | None:
    """Return what the argument means if it is no job, but a schedule.

    Raise ScheduleError for what can only be meant as one, and is none.
    """
    config = session.config
    if any(job.id == text for job in (*config.jobs, *config.offered)):
        return None
    try:
        return expression.parse(text, config.timezone)
    except ScheduleError as error:
        if re.fullmatch(ID, text):
            return None  # find_job names the closest
        raise UsageError(str(error)) from error


def _print_schedule(
    session: Session, schedule: Schedule, count: int, *, explain: bool, as_json: bool
) -> None:
    document = upcoming.of_schedule(schedule, session.now, count, explain=explain)
    if as_json:
        print_json(document)
        return
    from scheduled.views import next_page

    for warning in document["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    show(session, *next_page.of_schedule(document, session.now))
