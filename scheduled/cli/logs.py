"""`scheduled logs`: what a run printed, or prints."""

from typing import Any

import click

from scheduled.cli import following
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.cli.unread import state_suffices
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError
from scheduled.runs import output_files
from scheduled.runs.output_files import RunOutput
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.system.text import printable


@command()
@click.argument("job")
@click.argument("run", required=False)
@click.option(
    "-f", "--follow", is_flag=True, help="Print on until the run ends; wait for one if none runs."
)
@click.option("--failed", is_flag=True, help="The latest run that failed.")
@json_option
@click.pass_obj
@state_suffices
def logs(
    session: Session, job: str, run: str | None, *, follow: bool, failed: bool, as_json: bool
) -> None:
    """Print the output of a run: the latest one, or RUN.

    On a terminal, a line above it says which run it is and how it ended.
    """
    _refuse_both(run, follow=follow, failed=failed, as_json=as_json)
    if follow:
        find_job(session.config, job)
        following.follow(session, job)
        return
    output_file = _failed(session, job) if failed else _kept(session, job, run)
    row = (
        following.row_of(session, job, output_file.run_id)
        if as_json or session.is_terminal
        else None
    )
    if as_json:
        print_json(_document(output_file, row))
        return
    following.print_header(session, row)
    click.echo(printable(output_file.text()), nl=False)


def _kept(session: Session, job: str, run: str | None) -> RunOutput:
    """Return the output of a run, of the latest one if none is named. Raises UsageError."""
    state_dir = session.config.places.state_dir
    if job not in output_files.jobs_with_output(state_dir):
        find_job(session.config, job)
        raise UsageError(f"{job}: no output is kept, as it has not run yet")
    output_file = (
        output_files.find(state_dir, job, run)
        if run is not None
        else output_files.newest(state_dir, job)
    )
    if output_file is None:
        raise UsageError(f"{job}: no output is kept; its runs printed nothing, or it was old")
    return output_file


def _failed(session: Session, job: str) -> RunOutput:
    """Return the output of the latest run that failed. Raises UsageError if there is none."""
    state_dir = session.config.places.state_dir
    if job not in session.store.state["jobs"]:
        find_job(session.config, job)
    rows = history.newest_first(session.store.journal, job)
    row = next((row for row in rows if row["run_id"] and history.is_failure(row)), None)
    if row is None:
        raise UsageError(f"{job}: no run that failed is on record")
    run_id = str(row["run_id"])
    if output_files.log_path(state_dir, job, run_id) is None:
        raise UsageError(
            f"{job}: run {run_id} failed and its output is not kept, or it printed nothing:"
            f" {row['error']}"
        )
    return output_files.find(state_dir, job, run_id)


def _document(output_file: RunOutput, row: Row | None) -> dict[str, Any]:
    return output_file.document() | {
        "outcome": row["outcome"] if row else None,
        "started_at": row["started_at"] if row else None,
        "finished_at": row["finished_at"] if row else None,
    }


def _refuse_both(run: str | None, *, follow: bool, failed: bool, as_json: bool) -> None:
    """Raise UsageError for what excludes each other."""
    named = [("RUN", run is not None), ("--failed", failed), ("--follow", follow)]
    given = [name for name, is_given in named if is_given]
    if follow and as_json:
        given.append("--json")
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other; give one of them")
