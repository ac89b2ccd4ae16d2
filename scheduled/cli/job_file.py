"""What create, update and delete share: their options, refusals, and what they print."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.config.job_entry import NO_ACTION
from scheduled.config.job_file_editor import JobFile
from scheduled.errors import ConfigError, ScheduledError, ScheduleError
from scheduled.jobs.model import FirstRun, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.standing import is_registered
from scheduled.state import created_events, permission_events, records
from scheduled.state.document import empty
from scheduled.system.text import one_line
from scheduled.timing import expression, instants, pitfalls
from scheduled.views import upcoming
from scheduled.views.format import clock_and_distance, clock_offset_and_distance
from scheduled.views.snapshot import observe

dry_run_option = click.option("--dry-run", is_flag=True, help="Print the file; write nothing.")


def edited_by_hand(file: JobFile) -> str:
    """Return the start of the message that refuses to change a file somebody edited."""
    place = f"{file.path}:{file.first_edited_line}"
    return f"{place}: this file was written or edited by hand, so it is not changed"


def count_if_refused(session: Session, schedule: str) -> None:
    """Keep count of schedules that cannot be parsed, as CIRIS does; the loader says why not."""
    try:
        expression.parse(schedule, "UTC", seed="any")
    except ScheduleError:
        # What is wrong with the schedule has to be said, whether it can be counted or not.
        with contextlib.suppress(ScheduledError):
            session.own_state()
            session.keep(created_events.schedule_refused(one_line(schedule, 200)))


@contextlib.contextmanager
def refusals_on_record(session: Session, *, dry_run: bool) -> Iterator[None]:
    """Record what is not permitted to the job that is being made or changed within.

    Where it lacks an action, the error names the options that set one.
    """
    try:
        yield
    except ConfigError as error:
        from scheduled.ticks import permissions

        refused = [] if dry_run else [*filter(None, map(permissions.refusal_in, error.problems))]
        if refused:
            # What is wrong has to be said, whether it can be recorded or not.
            with contextlib.suppress(ScheduledError):
                session.own_state()
                session.keep(*(permission_events.refused(*refusal) for refusal in refused[:1]))
        raise ConfigError([_in_options(problem) for problem in error.problems]) from error


def _in_options(problem: str) -> str:
    """Return a problem with what to type, where it says what to write."""
    said, _, wanted = problem.partition("; ")
    is_action = said.endswith(NO_ACTION) and wanted
    return f"{said}; give --command CMD or --handler NAME" if is_action else problem


def print_result(
    session: Session, job: Job, path: Path, text: str, *, done: str, as_json: bool, code: int
) -> None:
    """Print what was done, empty for nothing; then when the job runs next.

    Not so where `code` says that the job is not on record: nothing can be promised then.
    """
    upcoming_runs = _upcoming(session, job)
    warnings = [f'"{job.schedule}": {text}' for text in pitfalls.warnings(schedule_of(job))]
    if not as_json:
        for warning in warnings:
            click.echo(f"warning: {job.id}: {warning}", err=True)
    if as_json:
        document = {"id": job.id, "path": str(path), "written": bool(done), "text": text}
        document["warnings"] = warnings
        next_run = upcoming_runs[0] if upcoming_runs else None
        print_json(document | {"next": next_run})
    elif not done:
        click.echo(f"# {path}\n{text}", nl=False)
    elif not session.quiet:
        click.echo(f"{path}: {done}")
        if not code:
            click.echo(_next_run(session, job, upcoming_runs))


def warn_of_lacks(session: Session, jobs: Sequence[Job]) -> None:
    """Print what runs of jobs that are made or changed will lack under cron."""
    from scheduled.cli import preflight

    if not jobs or session.quiet:
        return
    try:
        known: Mapping[str, Any] = session.store.state
    except (ScheduledError, OSError):  # other commands tell of it
        known = {}
    for what in preflight.of_jobs(session.config, jobs, session.environ, session.now, known):
        click.echo(f"warning: {what}", err=True)


def _upcoming(session: Session, job: Job) -> list[dict[str, Any]]:
    """Return the next run of a job that may not be written or on record yet."""
    state = session.store.state
    is_known = is_registered(job, records.job_memory(state, job.id))
    snapshot = observe(session.config, state if is_known else empty(), session.now, session.zone)
    return upcoming.of_job(snapshot, job, 1)["next"] if job.enabled else []


def _next_run(session: Session, job: Job, upcoming_runs: list[dict[str, Any]]) -> str:
    memory = records.job_memory(session.store.state, job.id)
    if memory.enabled is False or memory.suspended:
        return (
            f"{job.id} was already disabled and still is; to enable it: scheduled enable {job.id}"
        )
    if not job.enabled:
        return f"{job.id} is disabled; to enable it, remove `enabled: false`"
    if job.first_run is FirstRun.NOW and memory.watermark is None:
        return f"{job.id} runs at the next tick"
    when = instants.parse_utc(upcoming_runs[0]["slot"]) if upcoming_runs else None
    if when is None:
        return f"{job.id} will not run again"
    if memory.pause is not None and memory.pause.covers(when):
        until = memory.pause.until
        end = f" until {clock_and_distance(until, session.now, session.zone)}" if until else ""
        return f"{job.id} is paused{end}; to end that: scheduled resume {job.id}"
    note = f"; {upcoming_runs[0]['note']}" if upcoming_runs[0]["note"] else ""
    at = clock_offset_and_distance(when, session.now, session.zone)
    return f"{job.id} runs next {at}{note}"
