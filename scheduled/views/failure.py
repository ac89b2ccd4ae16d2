"""What cron mails about a run that failed: one plain block that suffices by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.system.text import one_line, output_line
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.format import absolute, passed, taken

LINES = 10


def failure_block(
    row: Mapping[str, Any],
    tail_lines: Sequence[str],
    log_path: Path | None,
    next_run: datetime | None,
    zone: tzinfo,
    *,
    host: str = "",
) -> str:
    """Return the block for one run, without a newline at its end: stderr under cron.

    `row` is a row of `run --json`; `tail_lines` are the last lines it printed, of which the last
    ten are shown; `next_run` is the next scheduled run or retry. Instants are printed in `zone`;
    `host` is this machine.
    """
    causes = (row.get("error"), row.get("reason"))
    lines = [f"{one_line(row['job'])}: {wording.ended(row['outcome'], *causes)}"]
    lines.append("  " + ", ".join(_facts(row, host, zone)))
    lines.append("  " + ", ".join(_times(row, next_run, zone)))
    # A handler prints its error as well; it stands above already.
    printed = [line for line in tail_lines if line not in causes]
    lines += [f"  | {output_line(line)}" for line in printed[-LINES:]]
    lines.append(f"  log: {one_line(log_path)}" if log_path else "  it printed nothing")
    return "\n".join(lines)


def _facts(row: Mapping[str, Any], host: str, zone: tzinfo) -> list[str]:
    slot, run_id, here = parse_utc(row["slot"]), one_line(row["run_id"]), one_line(host)
    run = f"run {run_id} on {here}" if here else f"run {run_id}"
    if row.get("where"):
        run = f"run {run_id} {wording.where(row['where'])}{', sent by ' if here else ''}{here}"
    facts = [
        run,
        f"attempt {row['attempt']}",
        f"scheduled for {absolute(slot, zone)}" if slot else "by hand",
    ]
    return [*facts, f"covers {passed(row['missed'])}"] if row.get("missed") else facts


def _times(row: Mapping[str, Any], next_run: datetime | None, zone: tzinfo) -> list[str]:
    started, took = parse_utc(row.get("started_at")), taken(row.get("duration_seconds"))
    times = [f"started {absolute(started.replace(microsecond=0), zone)}"] if started else []
    times += [f"took {took}"] if took else []
    return [*times, f"next run: {absolute(next_run, zone) if next_run else 'none planned'}"]
