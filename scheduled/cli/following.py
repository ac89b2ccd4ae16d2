"""Follow the output of a run until it ends, as `tail -f` does; wait for the next if none runs."""

import time

import click

from scheduled.cli.context import Session
from scheduled.config import ownership
from scheduled.runs import exit_file, output_files
from scheduled.runs.live_output import LiveOutput
from scheduled.runs.running import is_running
from scheduled.state import history, records
from scheduled.state.history import Row
from scheduled.system.text import printable

POLL_SECONDS = 0.1
LOOK_FOR_RUN_SECONDS = 0.5
"""How often a look at the journal tells whether a run has begun or ended."""


def follow(session: Session, job: str) -> None:
    """Print what a run of `job` prints until it ends; first wait for one if none runs."""
    run_id = _active(session, job)
    if run_id is None:
        run_id = _wait_for_next(session, job)
    print_header(session, row_of(session, job, run_id))
    path = output_files.path_of(session.config.places.state_dir, job, run_id)
    live, exit_status = LiveOutput(path), path.with_name(f"{run_id}{exit_file.SUFFIX}")
    looked_at = time.monotonic()
    has_ended = False
    while not has_ended:
        if time.monotonic() - looked_at >= LOOK_FOR_RUN_SECONDS:
            has_ended, looked_at = not _goes_on(session, job, run_id), time.monotonic()
        has_ended = has_ended or exit_status.exists()
        _print_new(live)
        if not has_ended:
            time.sleep(POLL_SECONDS)
    _print_end(session, job, run_id)


def print_header(session: Session, row: Row | None) -> None:
    """Print which run it is, on a terminal; a pipe gets what the run printed and nothing else."""
    if row is None or not session.is_terminal or session.quiet:
        return
    from scheduled.views import fitting, terminal
    from scheduled.views.run_header import header

    lines = fitting.wrapped(header(row, session.now, session.zone), terminal.width())
    click.secho("\n".join(lines), fg="yellow")


def _wait_for_next(session: Session, job: str) -> str:
    """Return the id of the next run, also if it has ended before it was seen."""
    last = _latest(session, job)
    if session.is_terminal and not session.quiet:
        click.echo(f"{job} is not running; waiting for its next run (^C ends this)", err=True)
    while True:
        time.sleep(POLL_SECONDS)
        session.store.refresh()
        if run_id := _active(session, job):
            return run_id
        latest = _latest(session, job)
        if latest and latest != last:
            return latest


def _active(session: Session, job: str) -> str | None:
    """Return the id of the run in progress, the newest of several; None if none runs."""
    state, state_dir = session.store.state, session.config.places.state_dir
    runs = records.job_memory(state, job).runs.values()
    newest = max(runs, key=lambda run: run.started_at, default=None)
    if newest is None or not is_running(state, state_dir, job):
        return None
    return newest.run_id


def _goes_on(session: Session, job: str, run_id: str) -> bool:
    """Return whether the journal has no end of the run."""
    session.store.refresh()
    runs = records.job_memory(session.store.state, job).runs.values()
    return any(run.run_id == run_id for run in runs)


def _latest(session: Session, job: str) -> str | None:
    """Return the id of the latest run on record."""
    entry = session.store.state["jobs"].get(job) or {}
    last = entry.get("ran") or entry.get("last") or {}
    run_id = last.get("run_id")
    return run_id if isinstance(run_id, str) else None


def _print_new(live: LiveOutput) -> None:
    while text := live.read():
        click.echo(printable(text), nl=False)


def _print_end(session: Session, job: str, run_id: str) -> None:
    """Print how the run ended, on a terminal, once that is on record."""
    if not session.is_terminal:
        return
    until = time.monotonic() + LOOK_FOR_RUN_SECONDS
    while _goes_on(session, job, run_id) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    print_header(session, row_of(session, job, run_id))


def row_of(session: Session, job: str, run_id: str) -> Row | None:
    """Return the row of a run; None if the journal no longer has it."""
    state, state_dir = session.store.state, session.config.places.state_dir
    rows = history.newest_first(session.store.journal, job)
    row = next((row for row in rows if row["run_id"] == run_id), None)
    if row and row["reason"] == history.RUNNING and not is_running(state, state_dir, job):
        row["reason"] = history.unfinished(row, ownership.other_host(session.config, state))
    return row
