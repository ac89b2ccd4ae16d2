"""The commands that write job files: create, update, delete.

They write as a person would have, and only where no person has since: a file that somebody
edited is left alone, and what to change in it is said.
"""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

import click

from scheduled.cli import job_options
from scheduled.cli.context import Session
from scheduled.config import conflicts, job_file_editor, paths
from scheduled.config.conflicts import SHIPPED
from scheduled.config.job_file_editor import JobFile
from scheduled.config.lookup import find_job
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, LockedError, ScheduleError, StateError, UsageError
from scheduled.jobs.model import FirstRun, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import registration
from scheduled.planning.slot_cache import SlotCache
from scheduled.runs import masking
from scheduled.runs.running import is_running
from scheduled.state import events, records
from scheduled.state.document import empty
from scheduled.system import locks
from scheduled.system.text import one_line
from scheduled.timing import expression, instants, slots
from scheduled.views import upcoming
from scheduled.views.format import both
from scheduled.views.snapshot import observe

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Print the file; write nothing.")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object.")
_ACTIONS = {"command": "handler", "handler": "command"}
"""A job has one of them: who sets the one takes the other away."""


@click.command()
@click.argument("id_", metavar="ID")
@click.argument("schedule")
@job_options.options
@_DRY_RUN
@_JSON
@click.pass_obj
def create(
    session: Session, /, id_: str, schedule: str, *, dry_run: bool, as_json: bool, **options: Any
) -> None:
    """Make a job file for a job ID that runs on SCHEDULE, say "30 2 * * *" or hourly.

    It needs a --command or a --handler. The job runs at its next slot.
    """
    fields = {"id": id_, "schedule": schedule, **job_options.fields(**options)}
    if not dry_run:
        _count_if_wrong(session, schedule)
    new = job_file_editor.proposed(fields, session.config)
    refusals = job_file_editor.refusals(session.config)
    if refusals:
        raise ConfigError(refusals)
    _refuse_past(session, new.job)
    if not dry_run:
        _part(session, new.job.id)
        job_file_editor.write(new, mode=_mode(fields))
    done = "" if dry_run else "written"
    _tell(session, new.job, new.path, new.text, done=done, as_json=as_json)


@click.command()
@click.argument("job")
@click.option("--schedule", metavar="TEXT", help="When it runs.")
@click.option("--unset", multiple=True, metavar="KEY", help="Take a key away; repeatable.")
@job_options.options
@_DRY_RUN
@_JSON
@click.pass_obj
def update(
    session: Session,
    /,
    job: str,
    *,
    schedule: str | None,
    unset: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Change the job file of JOB. What is not named stays, and nothing runs because of it.

    Only a file that `create` or `config import` wrote, and nobody has edited since, is changed.
    """
    known = find_job(session.config, job)
    changes = job_options.fields(**options) | (
        {"schedule": schedule} if schedule is not None else {}
    )
    if not changes and not unset:
        raise UsageError("nothing to change; name it, as in --timeout 10m, or --unset timeout")
    file = job_file_editor.file_of(session.config, known)
    if file is None or file.touched_in:
        raise UsageError(_by_hand(session, known, file, changes, unset))
    fields = _changed(file, changes, unset)
    if schedule is not None and not dry_run:
        _count_if_wrong(session, schedule)
    changed, text = job_file_editor.checked(session.config, file, fields), text_of(fields)
    if not dry_run:
        job_file_editor.rewrite(file, fields)
    done = "is so already" if text == file.text else "changed"
    _tell(session, changed, file.path, text, done="" if dry_run else done, as_json=as_json)


@click.command()
@click.argument("job")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(session: Session, job: str, *, yes: bool) -> None:
    """Take the job file of JOB away. Its history stays.

    Only a file that `create` or `config import` wrote, and nobody has edited since, is taken away.
    """
    known = find_job(session.config, job)
    if known.id in SHIPPED:
        raise UsageError(
            f"{job}: is a shipped job and cannot be deleted; "
            f"`scheduled disable {job}` keeps it from running"
        )
    file = job_file_editor.file_of(session.config, known)
    if file is None or file.touched_in:
        raise UsageError(_not_deleted(known, file))
    _refuse_if_awaited(session, known)
    if not yes:
        _ask(session, file)
    running = is_running(session.store.state, session.config.places.state_dir, known.id)
    job_file_editor.remove(file)
    _part(session, known.id)
    if not session.quiet:
        click.echo(f"{file.path}: deleted. The history of {job} and what it printed stay.")
        if running:
            click.echo(f"{job} is running now; that run goes on, and is recorded.")


def _count_if_wrong(session: Session, schedule: str) -> None:
    """Keep count of schedules that nobody can follow, as CIRIS does; the loader says why not."""
    try:
        expression.parse(schedule, "UTC", seed="any")
    except ScheduleError:
        # What is wrong with the schedule has to be said, whether it can be counted or not.
        with contextlib.suppress(LockedError, StateError):
            session.keep(events.schedule_refused(one_line(schedule, 200)))


def _mode(fields: Mapping[str, Any]) -> int:
    """Who has secrets in a job's variables does not want others to read them."""
    names = fields["env"] if isinstance(fields.get("env"), dict) else {}
    return 0o600 if any(map(masking.is_secret, names)) else 0o644


def _refuse_past(session: Session, job: Job) -> None:
    schedule = schedule_of(job)
    if job.first_run is FirstRun.NOW or schedule.kind != "once":
        return
    if slots.following(schedule, session.now, session.now) is None:
        raise UsageError(f"{job.id}: schedule: {job.schedule} has passed; the job would never run")


def _part(session: Session, job: str) -> None:
    """Have a job that was known by this id before met anew, should it ever come back."""
    store, above = session.store, SlotCache.at(session.now)
    if not registration.unregister(job, store.state, above):
        return
    with locks.journal(store.state_dir):
        store.refresh()
        store.write(session.now, *registration.unregister(job, store.state, above))
    store.checkpoint(session.now)


def _changed(file: JobFile, changes: Mapping[str, Any], unset: tuple[str, ...]) -> dict[str, Any]:
    """The keys of a file with the changes: variables and params one by one, the rest as a whole."""
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


def _by_hand(
    session: Session,
    job: Job,
    file: JobFile | None,
    changes: Mapping[str, Any],
    unset: tuple[str, ...],
) -> str:
    """What a person has to do in a file that is theirs."""
    wanted = text_of(changes) if changes else ""
    if job.id in SHIPPED:
        where = session.config.places.config_path or session.config.places.root / paths.CONFIG_NAME
        named = f"{job.id}:\n{indent(wanted, '  ')}"
        sentence = (
            f"{job.id}: is a shipped job; write below jobs: in {where}:\n{indent(named, '  ')}"
        )
    elif file is None:
        sentence = f"{job.source}: {job.id} stands there, not in a file of its own; write there:\n"
        sentence += indent(wanted, "  ")
    else:
        lines = [f"line {file.lines[key]}" for key in changes if key in file.lines]
        at = f" ({', '.join(lines)})" if lines else ""
        sentence = f"{_edited(file)}; write there{at}:\n{indent(wanted, '  ')}"
    gone = f"take away: {', '.join(unset)}" if unset else ""
    return f"{sentence.rstrip()}\n{gone}".rstrip()


def _edited(file: JobFile) -> str:
    return f"{file.path}:{file.touched_in}: somebody wrote or edited this file, so it is left alone"


def _not_deleted(job: Job, file: JobFile | None) -> str:
    if file is None:
        return f"{job.source}: {job.id} stands there, not in a file of its own; take it out there"
    return f"{_edited(file)}; to delete the job, delete the file"


def _refuse_if_awaited(session: Session, job: Job) -> None:
    rest = [one for one in session.config.jobs if one.id != job.id]
    waiting = [name for name in conflicts.problems(rest) if job.id in _after(rest, name)]
    if waiting:
        raise UsageError(
            f"{job.id}: {', '.join(waiting)} would never run without it (after); "
            "change or delete that first"
        )


def _after(jobs: list[Job], name: str) -> tuple[str, ...]:
    return next(one.after for one in jobs if one.id == name)


def _ask(session: Session, file: JobFile) -> None:
    if not session.is_terminal:
        raise UsageError(f"{file.path}: not deleted, for there is nobody to ask; --yes does it")
    click.confirm(f"Delete {file.path}?", abort=True)


def _tell(session: Session, job: Job, path: Path, text: str, *, done: str, as_json: bool) -> None:
    """What was done, empty for nothing; then when the job runs next."""
    snapshot = observe(session.config, empty(), session.now, session.zone)
    coming = upcoming.of_job(snapshot, job, 1)["next"] if job.enabled else []
    if as_json:
        document = {"id": job.id, "path": str(path), "written": bool(done), "text": text}
        click.echo(json.dumps(document | {"next": coming[0] if coming else None}, indent=2))
    elif not done:
        click.echo(f"# {path}\n{text}", nl=False)
    elif not session.quiet:
        click.echo(f"{path}: {done}")
        click.echo(_next(session, job, coming))


def _next(session: Session, job: Job, coming: list[dict[str, Any]]) -> str:
    record = records.job_memory(session.store.state, job.id)
    if record.enabled is False or record.suspended:
        return f"{job.id} was disabled before and still is; type: scheduled enable {job.id}"
    if not job.enabled:
        return f"{job.id} is disabled; it runs when `enabled: false` is gone"
    if job.first_run is FirstRun.NOW and not record.fingerprint:
        return f"{job.id} runs at the next tick"
    when = instants.parse_utc(coming[0]["slot"]) if coming else None
    if when is None:
        return f"{job.id} will not run again"
    note = f"; {coming[0]['note']}" if coming[0]["note"] else ""
    return f"{job.id} runs next {both(when, session.now, session.zone)}{note}"
