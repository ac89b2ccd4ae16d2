"""`scheduled update`: change a job file that nobody has edited since it was written.

Where somebody has, the file is left alone, and the message says what to change in it.
"""

from collections.abc import Mapping
from textwrap import indent
from typing import Any

import click

from scheduled.cli import job_options, registering, typed_times
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.job_file import (
    count_if_refused,
    dry_run_option,
    edited_by_hand,
    print_result,
    refusals_on_record,
    warn_of_lacks,
)
from scheduled.cli.output import json_option
from scheduled.cli.single_run import at_option, refuse_time, schedule_at
from scheduled.config import gptme_format, job_file_editor, permissions
from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.job_file_editor import JobFile
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.lookup import find_job
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, UsageError, did_you_mean
from scheduled.jobs.model import Job
from scheduled.planning.allowed_days import never_runs
from scheduled.system.text import one_line

_ACTIONS = {"command": "handler", "handler": "command"}
"""A job has one of them: setting the one removes the other."""


@command()
@click.argument("job")
@click.option("--schedule", metavar="SCHEDULE", help="When it runs.")
@click.option("--unset", multiple=True, metavar="KEY", help="Remove a key; repeatable.")
@at_option
@job_options.options
@dry_run_option
@json_option
@click.pass_obj
def update(
    session: Session,
    /,
    job: str,
    *,
    schedule: str | None,
    when: str | None,
    unset: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Change the job file of JOB. Other keys stay as they are, and no run is started.

    Only a file that `create` or `config import` wrote, and nobody has edited since, is changed.
    """
    session.is_changing = not dry_run
    before = find_job(session.config, job)
    zone = options.get("timezone") or before.timezone
    schedule = _schedule(session, schedule, when, zone)
    changes = typed_times.as_written(session, job_options.fields(**options), zone) | (
        {"schedule": schedule} if schedule is not None else {}
    )
    if not changes and not unset:
        raise UsageError("nothing to change; use options such as --timeout 10m or --unset timeout")
    file = job_file_editor.find(session.config, before)
    if file is None or file.first_edited_line:
        raise UsageError(_change_by_hand(session, before, file, changes, unset))
    fields: Mapping[str, Any] = _changed_fields(file, changes, unset)
    if not gptme_format.is_job_file(file.fields.keys()):
        fields = job_file_editor.as_ours(fields, session.config)
    if schedule is not None and not dry_run:
        count_if_refused(session, schedule)
    with refusals_on_record(session, dry_run=dry_run):
        after, text = job_file_editor.check(session.config, file, fields), text_of(fields)
    problem = never_runs(after, session.now)
    if problem and not never_runs(before, session.now):
        raise UsageError(f"{after.id}: {problem}")
    code = 0 if dry_run else _rewrite(session, before, file, fields)
    done = "" if dry_run else "already so" if text == file.text else "changed"
    print_result(session, after, file.path, text, done=done, as_json=as_json, code=code)
    warn_of_lacks(session, [after])
    return code


def _schedule(session: Session, schedule: str | None, at: str | None, zone: str) -> str | None:
    """Return the schedule that is wanted, if any. Raises UsageError."""
    if schedule is not None and at is not None:
        raise UsageError("--schedule and --at exclude each other; give one of them")
    if schedule is not None:
        refuse_time(session, schedule, zone)
    return schedule_at(session, at, zone) if at is not None else schedule


def _rewrite(session: Session, before: Job, file: JobFile, fields: Mapping[str, Any]) -> int:
    """Write the job file and register the job; return the exit code."""
    session.own_state()
    # What was edited before counts from then, as in a tick; the new times count from now.
    registering.put_on_record(session, [before.id])
    is_created = registering.is_remembered(session, before.id, file.path, file.text)
    job_file_editor.rewrite(file, fields)
    code = registering.register(session, [before.id])
    if is_created and not code:
        registering.remember_file(session, before.id, file.path, text_of(fields))
    return code


def _changed_fields(
    file: JobFile, changes: Mapping[str, Any], unset: tuple[str, ...]
) -> dict[str, Any]:
    """Return the keys of a file with the changes: `env` and `params` are merged, others replaced.

    Raises UsageError for an --unset that cannot be meant.
    """
    fields = dict(file.fields)
    for key in unset:
        if key not in fields or key in changes:
            why = "is set by the same command" if key in changes else f"is not set in {file.path}"
            raise UsageError(f"--unset {key}: {why}")
        del fields[key]
    for key, value in changes.items():
        fields.pop(_ACTIONS.get(key, ""), None)
        is_merged = key in ("env", "params") and isinstance(fields.get(key), dict)
        fields[key] = fields[key] | value if is_merged else value
    return fields


def _change_by_hand(
    session: Session,
    job: Job,
    file: JobFile | None,
    changes: Mapping[str, Any],
    unset: tuple[str, ...],
) -> str:
    """Return what a person has to change in a file that is theirs."""
    lines = text_of(changes) if changes else ""
    if job.id in BUILTIN_IDS and (refused := permissions.refusal_of_action(job.id, changes)):
        with refusals_on_record(session, dry_run=not session.is_changing):
            raise ConfigError([refused])
    for key in unset:
        if key not in JOB_KEYS:
            raise UsageError(
                f"--unset {one_line(key, 60)}: unknown key{did_you_mean(key, JOB_KEYS)}"
            )
    if problems := job_file_editor.problems_of(changes, job, session.config):
        with refusals_on_record(session, dry_run=not session.is_changing):
            raise ConfigError(problems)
    if job.id in BUILTIN_IDS:
        where = session.config.places.config_file
        block = f"{job.id}:\n{indent(lines, '  ')}"
        sentence = (
            f"{job.id}: is a shipped job; write below jobs: in {where}:\n{indent(block, '  ')}"
        )
    elif file is None:
        sentence = (
            f"{job.source}: {job.id} is defined there, not in a file of its own; write there:\n"
        )
        sentence += indent(lines, "  ")
    else:
        numbers = [f"line {file.lines[key]}" for key in changes if key in file.lines]
        at = f" ({', '.join(numbers)})" if numbers else ""
        sentence = f"{edited_by_hand(file)}; write there{at}:\n{indent(lines, '  ')}"
    removal = f"remove: {', '.join(unset)}" if unset else ""
    return f"{sentence.rstrip()}\n{removal}".rstrip()
