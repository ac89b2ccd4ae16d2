"""What cron mails about a run that failed: one plain block that suffices by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.system.text import one_line, output_line
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.format import absolute, passed

LINES = 10


def failure_block(
    row: Mapping[str, Any],
    tail_lines: Sequence[str],
    log_path: Path | None,
    next_run: datetime | None,
    zone: tzinfo,
) -> str:
    """Return the block for one run, without a newline at its end: stderr under cron.

    `row` is a row of `run --json`; `tail_lines` are the last lines it printed, of which the last
    ten are shown; `next_run` is the next scheduled run or retry. Instants are printed in `zone`.
    """
    causes = (row.get("error"), row.get("reason"))
    lines = [f"{one_line(row['job'])}: {wording.ended(row['outcome'], *causes)}"]
    lines.append("  " + ", ".join(_facts(row, next_run, zone)))
    # A handler prints its error as well; it stands above already.
    printed = [line for line in tail_lines if line not in causes]
    lines += [f"  | {output_line(line)}" for line in printed[-LINES:]]
    lines.append(f"  log: {one_line(log_path)}" if log_path else "  it printed nothing")
    return "\n".join(lines)


def _facts(row: Mapping[str, Any], next_run: datetime | None, zone: tzinfo) -> list[str]:
    facts = [f"run {one_line(row['run_id'])}", f"attempt {row['attempt']}"]
    slot = parse_utc(row["slot"])
    facts.append(f"scheduled for {absolute(slot, zone)}" if slot else "by hand")
    if row.get("missed"):
        facts.append(f"covers {passed(row['missed'])}")
    when = absolute(next_run, zone) if next_run else "none planned"
    return [*facts, f"next run: {when}"]
