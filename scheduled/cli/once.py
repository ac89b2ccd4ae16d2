"""The option `--once`: run every enabled job now, as GAIA's runner does."""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.cli.tick_report import print_problems, run_tick
from scheduled.jobs.model import Outcome
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.ticks.dispatcher import RunRequest
from scheduled.timing.instants import format_utc

EPOCH = "1970-01-01T00:00:00+00:00"
"""The time of what has none."""


@command(hidden=True)
@click.pass_obj
def once(session: Session) -> int:
    """Run every enabled job now and print one JSON object keyed by job, as GAIA's runner does."""
    session.is_changing = True
    report = run_tick(session, RunRequest(by_hand=True))
    print_problems(session, report)
    rows = {row["job"]: _task_result(row) for row in report.ran}
    for job, reason in report.not_started:
        rows.setdefault(
            job, _result(job, "skipped", format_utc(session.now), output={"reason": reason})
        )
    if session.verbose:
        for line in _log_lines(rows.values(), session.zone):
            click.echo(line, err=True)
    print_json(rows)
    return report.exit_code


def _log_lines(results: Iterable[dict[str, Any]], zone: tzinfo) -> Iterator[str]:
    """Yield a line for each result, in the format of GAIA's log."""
    for result in results:
        moment = datetime.fromisoformat(result["timestamp"] or EPOCH).astimezone(zone)
        level = "ERROR" if result["status"] == "error" else "INFO"
        why = result.get("error", "")
        text = f"{result['task']}: {result['status']}{f': {why}' if why else ''}"
        at = f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03}"
        yield f"{at} [gaia.runtime] {level}: {one_line(text)}"


def _task_result(row: Row) -> dict[str, Any]:
    """Return a row in the form of GAIA's results."""
    job, finished, reason = row["job"], row["finished_at"] or "", row["reason"]
    match row["outcome"]:
        case Outcome.SUCCEEDED:
            return _result(job, "success", finished, output=row["result"])
        case None | Outcome.SKIPPED:
            return _result(job, "skipped", finished, output={"reason": reason})
        case _:
            return _result(job, "error", finished, error=row["error"] or reason)


def _result(job: str, status: str, timestamp: str, **more: Any) -> dict[str, Any]:
    return {"task": job, "status": status, "timestamp": timestamp.replace("Z", "+00:00"), **more}
