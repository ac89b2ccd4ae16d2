"""`scheduled create`: write a job file, as a person would have."""

from collections.abc import Mapping
from typing import Any

import click

from scheduled.cli import job_options, registering, typed_times
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.job_file import (
    count_if_refused,
    dry_run_option,
    print_result,
    refusals_on_record,
    warn_of_lacks,
)
from scheduled.cli.output import json_option
from scheduled.cli.single_run import at_option, refuse_time, schedule_at
from scheduled.config import job_file_editor
from scheduled.errors import ConfigError, UsageError
from scheduled.jobs.model import FirstRun, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.allowed_days import never_runs
from scheduled.system import masking
from scheduled.timing import slots


@command()
@click.argument("id_", metavar="ID")
@click.argument("schedule", required=False)
@at_option
@job_options.options
@dry_run_option
@json_option
@click.pass_obj
def create(
    session: Session,
    /,
    id_: str,
    schedule: str | None,
    *,
    when: str | None,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Create a job file for job ID that runs on SCHEDULE.

    SCHEDULE is "30 2 * * *", hourly, "every 90m" and the like; with --at there is none. It needs a
    --command or a --handler.
    The job first runs at its next scheduled time.
    """
    session.is_changing = not dry_run
    code = 0
    zone = options.get("timezone")
    schedule = _schedule(session, schedule, when, zone)
    typed = typed_times.as_written(session, job_options.fields(**options), zone)
    fields = {"id": id_, "schedule": schedule, **typed}
    if not dry_run:
        count_if_refused(session, schedule)
    with refusals_on_record(session, dry_run=dry_run):
        new = job_file_editor.propose(fields, session.config)
    refusals = job_file_editor.directory_problems(session.config)
    if refusals:
        raise ConfigError(refusals)
    _refuse_past(session, new.job)
    wants = new.job.delete_after_success and "delete_after_success" not in new.job.from_defaults
    if wants and schedule_of(new.job).kind != "once":
        raise UsageError(f"{new.job.id}: delete_after_success is for jobs that run once")
    if not dry_run:
        session.own_state()
        known = {new.job.id} & session.store.state["jobs"].keys()
        job_file_editor.create(new, mode=_mode(fields))
        code = registering.register(session, [new.job.id], forget=known)
        if not code:
            registering.remember_file(session, new.job.id, new.path, new.text)
    done = "" if dry_run else "written"
    print_result(session, new.job, new.path, new.text, done=done, as_json=as_json, code=code)
    warn_of_lacks(session, [new.job])
    return code


def _schedule(session: Session, schedule: str | None, at: str | None, zone: str | None) -> str:
    """Return the schedule of the new job. Raises UsageError."""
    if (schedule is None) is (at is None):
        which = "exclude each other" if at else "is missing"
        subject = "SCHEDULE and --at" if at else "SCHEDULE"
        raise UsageError(
            f"create: {subject} {which}; write `scheduled create ID SCHEDULE`, or `scheduled create"
            " ID --at WHEN` for a single run"
        )
    if schedule is None:
        assert at is not None
        return schedule_at(session, at, zone)
    refuse_time(session, schedule, zone)
    return schedule


def _mode(fields: Mapping[str, Any]) -> int:
    """Return the mode of the new file: private where its variables hold secrets."""
    names = fields["env"] if isinstance(fields.get("env"), dict) else {}
    return 0o600 if any(map(masking.is_secret, names)) else 0o644


def _refuse_past(session: Session, job: Job) -> None:
    if problem := never_runs(job, session.now):
        raise UsageError(f"{job.id}: {problem}")
    schedule = schedule_of(job)
    if job.first_run is FirstRun.NOW or schedule.kind != "once":
        return
    if slots.following(schedule, session.now, session.now) is None:
        raise UsageError(f"{job.id}: schedule: {job.schedule} has passed; the job would never run")
