"""The option `--once`: run every enabled job now, as GAIA's runner does."""

from typing import Any

import click

from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.cli.tick_report import print_problems, run_tick
from scheduled.jobs.model import Outcome
from scheduled.state.history import Row
from scheduled.ticks.dispatcher import RunRequest
from scheduled.timing.instants import format_utc


@click.command(hidden=True)
@click.pass_obj
def once(session: Session) -> int:
    """Run every enabled job now and print one JSON object keyed by job, as GAIA's runner does."""
    session.is_changing = True
    report = run_tick(session, RunRequest(by_hand=True))
    print_problems(session, report)
    rows = {row["job"]: _task_result(row) for row in report.ran}
    for job, reason in report.not_started:
        skipped = {"status": "skipped", "output": {"reason": reason}}
        rows.setdefault(job, {"task": job, "timestamp": format_utc(session.now), **skipped})
    print_json(rows)
    return report.exit_code


def _task_result(row: Row) -> dict[str, Any]:
    """Return a row in the form of GAIA's results."""
    succeeded = row["outcome"] == Outcome.SUCCEEDED
    not_now = row["outcome"] is None
    return {
        "task": row["job"],
        "status": "success" if succeeded else "skipped" if not_now else "error",
        "timestamp": row["finished_at"],
        "output": row["result"] if succeeded else {"error": row["error"] or row["reason"]},
    }
