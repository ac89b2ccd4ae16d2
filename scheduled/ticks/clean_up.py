"""What a tick tidies: it deletes output of runs beyond the limits of `retention`, and rotates logs.

Once a day it also makes the index of the day of the journal that is over.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.config.load import Config
from scheduled.errors import StateError
from scheduled.state.store import Store
from scheduled.ticks.context import TickContext
from scheduled.ticks.report import Report

if TYPE_CHECKING:
    from scheduled.ticks.own_logs import OpenLog

OUTPUT = (1, 2)
"""The descriptors of what a tick prints."""


def outputs(config: Config, store: Store, report: Report, now: datetime) -> None:
    """Delete old output, all of it once a day; that of jobs with a limit after each run."""
    runs = store.state_dir / "runs"
    of_jobs = {job.id: job.retention for job in config.jobs if job.retention}
    if store.began_new_day:
        from scheduled.runs import retention

        days = store.journal.day_files
        retention.prune(
            runs,
            lambda age: days.oldest_kept(now, timedelta(seconds=age)).timestamp(),
            config.retention,
            of_jobs,
            _unread(report),
        )
    elif config.retention or of_jobs:
        _after_runs(config, report, runs)


def logs(
    config: Config, context: TickContext, report: Report, log_file: "OpenLog | None" = None
) -> None:
    """Rotate the files that this tick writes to, if they are too large or, on a new day, old."""
    limits = config.log_rotation
    if limits is None:
        return
    by_age = context.store.began_new_day
    output = tuple(number for number in OUTPUT if by_age or _size(number) > limits["size"])
    if not output and log_file is None:
        return
    from scheduled.ticks import own_logs

    rotation = own_logs.Rotation(limits, context.store.state_dir / "cache", report.at)
    appended = own_logs.of_output(context.run_context.environ, output)
    for log in (*appended, *([log_file] if log_file else ())):
        rotation.rotate(log, report.notes.append, by_age=by_age)
    rotation.save()


def _size(descriptor: int) -> int:
    """Return the size of an open file; 0 if it is none."""
    try:
        return os.fstat(descriptor).st_size
    except OSError:
        return 0


def past_days(store: Store) -> None:
    """Index the days of the journal that are over, if a new one has begun."""
    if store.began_new_day:
        from scheduled.state import line_index

        with suppress(StateError):  # it was told when the tick read the journal
            line_index.keep_up(store.journal)


def _after_runs(config: Config, report: Report, runs: Path) -> None:
    from scheduled.runs import retention

    jobs = {job.id: job for job in config.jobs}
    for name in {row["job"] for row in report.ran if row["job"] in jobs}:
        limits = retention.limits_of(config.retention, jobs[name].retention)
        if limits.get("count") or limits.get("size"):
            retention.prune_job(runs / name, limits, _unread(report))


def _unread(report: Report) -> frozenset[str]:
    """Return the runs whose output the tick has yet to print."""
    return frozenset(str(row["run_id"]) for row in (*report.ran, *report.told))
