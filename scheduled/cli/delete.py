"""`scheduled delete`: delete the file of a job. Its history stays."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.job_file import edited_by_hand
from scheduled.cli.registering import unregister
from scheduled.config import conflicts, former_handlers, job_file_editor, paths
from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.job_file_editor import JobFile
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.runs.running import is_running


@command()
@click.argument("job")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
@changes_state
def delete(session: Session, job: str, *, yes: bool) -> None:
    """Delete the job file of JOB. Its history is kept.

    Only a file that `create` or `config import` wrote, and nobody has edited since, is deleted. A
    job that an installed package brought is forgotten, once the package is gone.
    """
    if _forgotten(session, job):
        return
    configured = find_job(session.config, job)
    if configured.id in BUILTIN_IDS:
        raise UsageError(
            f"{job}: is a shipped job and cannot be deleted; `scheduled disable {job}` disables it"
        )
    _refuse_of_package(session, configured)
    file = job_file_editor.find(session.config, configured)
    if file is None or file.first_edited_line:
        raise UsageError(_not_deleted(configured, file))
    _refuse_if_awaited(session, configured)
    if not yes:
        _confirm(session, file)
    running = is_running(session.store.state, session.config.places.state_dir, configured.id)
    job_file_editor.remove(file)
    unregister(session, configured.id)
    session.say(f"{file.path}: deleted. The history and output of {job} are kept.")
    if running:
        session.say(f"{job} is running now; that run continues, and is recorded.")


def _refuse_of_package(session: Session, job: Job) -> None:
    """Raise UsageError for a job that a package brings, which is not to be edited."""
    for handler in session.config.handlers:
        if handler.package and handler.name == job.id and job.source.startswith(handler.place):
            raise UsageError(
                f"{job.id}: comes with {handler.package} {handler.version};"
                f" `scheduled disable {job.id}` disables it, and so does uninstalling that"
            )


def _forgotten(session: Session, job: str) -> bool:
    """Forget a job that a package brought which is no longer installed; False if it is another."""
    config = session.config
    gone = {each.name for each in config.unusable if each.is_gone and each.is_job}
    if job not in gone or job in config.taken:
        return False
    former_handlers.forget(job, paths.find(session.path_options).state_dir / "cache")
    unregister(session, job)
    session.say(f"{job}: forgotten; its package is no longer installed. Its history is kept.")
    return True


def _not_deleted(job: Job, file: JobFile | None) -> str:
    if file is None:
        return f"{job.source}: {job.id} is defined there, not in a file of its own; remove it there"
    return f"{edited_by_hand(file)}; to delete the job, delete the file"


def _refuse_if_awaited(session: Session, job: Job) -> None:
    others = [other for other in session.config.jobs if other.id != job.id]
    waiting = [
        name for name in conflicts.dependency_problems(others) if job.id in _after(others, name)
    ]
    if waiting:
        raise UsageError(
            f"{job.id}: {', '.join(waiting)} would never run without it (after); "
            "change or delete that first"
        )


def _after(jobs: list[Job], name: str) -> tuple[str, ...]:
    return next(job.after for job in jobs if job.id == name)


def _confirm(session: Session, file: JobFile) -> None:
    if not session.is_terminal:
        raise UsageError(f"{file.path}: not deleted: not a terminal; use --yes")
    click.confirm(f"Delete {file.path}?", abort=True)
