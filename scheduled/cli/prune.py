"""`scheduled config prune`: remove the files of jobs that are finished and no longer listed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.cli.registering import unregister
from scheduled.config import created_files, job_file_editor
from scheduled.errors import StateError, UsageError, reason_of
from scheduled.jobs.model import Job
from scheduled.planning.finished import Finished, is_hidden
from scheduled.quick_classes import NamedTuple
from scheduled.state import created_events
from scheduled.system import private
from scheduled.views import finished_jobs
from scheduled.views.format import counted

FOLDER = "pruned"
"""Where copies are kept, below the state directory."""
PRUNED = "config prune"


class Prunable(NamedTuple):
    """A job that is finished and no longer listed."""

    job: Job
    done: Finished
    path: Path | None
    """The file that is to be removed; None if a person has to."""
    data: bytes = b""
    by_hand: str = ""
    """What a person has to do instead."""


@command("prune")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def prune(session: Session, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Remove the files of jobs that are finished and no longer listed.

    Lists them and asks. A copy of each file is kept in the state directory; the history stays. Of
    jobs that stand in scheduled.yaml, names the lines for you to remove.
    """
    if not dry_run:
        session.own_state()
    found = [*_prunable(session)]
    files = [each for each in found if each.path is not None]
    if not as_json:
        _print(session, found)
    if files and not dry_run:
        if not yes:
            _confirm(session, len(files), as_json=as_json)
        copies = {each.job.id: _remove(session, each) for each in files}
    else:
        copies = {}
    if as_json:
        print_json({"jobs": [_row(each, copies) for each in found]})
    elif copies:
        folder = session.config.places.state_dir / FOLDER
        session.say(f"{counted(len(copies), 'file')} removed; copies are in {folder}")


def _prunable(session: Session) -> Iterator[Prunable]:
    snapshot = session.snapshot()
    for job in snapshot.jobs:
        done = finished_jobs.of(snapshot, job)
        if done is None or not is_hidden(job, done, snapshot.now):
            continue
        waiting = [other.id for other in snapshot.jobs if job.id in other.after]
        if waiting:
            why = f"{', '.join(waiting)} would never run without it (after); change that first"
            yield Prunable(job, done, None, by_hand=why)
            continue
        yield _with_file(session, job, done)


def _with_file(session: Session, job: Job, done: Finished) -> Prunable:
    file = job_file_editor.find(session.config, job)
    if file is None:
        return Prunable(job, done, None, by_hand=f"remove `{job.id}` at {job.source}")
    data = file.text.encode()
    known = {"file": str(file.path), "sha256": created_files.digest(data)}
    if reason := created_files.problem(known):
        return Prunable(job, done, None, by_hand=f"{reason}; remove it yourself")
    return Prunable(job, done, file.path, data)


def _print(session: Session, found: Sequence[Prunable]) -> None:
    if not found:
        session.say("Nothing to remove: no job has been finished for longer than its `keep`.")
    for each in found:
        since = session.snapshot().time(each.done.since)
        what = f"{each.path}: to be removed" if each.path else f"left: {each.by_hand}"
        click.echo(f"{each.job.id}, finished since {since}: {what}")


def _confirm(session: Session, count: int, *, as_json: bool) -> None:
    if as_json or not session.is_terminal:
        why = "--json does not ask" if as_json else "not a terminal"
        raise UsageError(f"nothing was removed: {why}; use --yes, or --dry-run to look only")
    click.confirm(f"Remove {counted(count, 'file')}, and keep copies?", abort=True)


def _remove(session: Session, found: Prunable) -> Path:
    """Keep a copy of a file, remove it, and forget its job; return the copy."""
    assert found.path is not None
    created = {"file": str(found.path), "sha256": created_files.digest(found.data)}
    copy = _copy(session.config.places.state_dir / FOLDER, found, session.now)
    session.keep(created_events.file_deleted(found.job.id, **created, reason=PRUNED))
    if reason := created_files.delete(created):
        raise UsageError(f"{found.job.id}: not removed: {reason}")
    unregister(session, found.job.id)
    return copy


def _copy(folder: Path, found: Prunable, now: datetime) -> Path:
    copy = folder / f"{found.job.id}-{now:%Y%m%dT%H%M%SZ}.yaml"
    try:
        private.make_folder(folder)
        private.replace(copy, found.data)
    except OSError as error:
        raise StateError(
            f"{copy}: cannot be written: {reason_of(error)}; nothing was removed"
        ) from error
    return copy


def _row(found: Prunable, copies: dict[str, Path]) -> dict[str, Any]:
    copy = copies.get(found.job.id)
    return {
        "job": found.job.id,
        "source": found.job.source,
        **(finished_jobs.row(found.done) or {}),
        "file": str(found.path) if found.path else None,
        "removed": copy is not None,
        "copy": str(copy) if copy else None,
        "by_hand": found.by_hand or None,
    }
