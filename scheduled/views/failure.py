"""What cron mails about a run that failed: one plain block that suffices by itself."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduled.system.text import one_line, printable
from scheduled.views import wording
from scheduled.views.format import absolute, passed

LINES = 10


def failure_block(
    row: Mapping[str, Any],
    tail_lines: Sequence[str],
    log_path: Path | None,
    next_retry: datetime | None,
) -> str:
    """Return the block for one run, without a newline at its end: stderr under cron.

    `row` is a row of `run --json`; `tail_lines` are the last lines it printed, of which the last
    ten are shown; `next_retry` is the next slot or retry, in the zone it shall be shown in.
    """
    causes = (row.get("error"), row.get("reason"))
    lines = [f"{one_line(row['job'])}: {wording.ended(row['outcome'], *causes)}"]
    lines.append("  " + ", ".join(_facts(row, next_retry)))
    # A handler prints its error as well; it stands above already.
    printed = [line for line in tail_lines if line not in causes]
    lines += [f"  | {one_line(printable(line))}" for line in printed[-LINES:]]
    lines.append(f"  log: {one_line(log_path)}" if log_path else "  it printed nothing")
    return "\n".join(lines)


def _facts(row: Mapping[str, Any], next_retry: datetime | None) -> list[str]:
    facts = [f"run {one_line(row['run_id'])}", f"attempt {row['attempt']}"]
    facts.append(f"slot {one_line(row['slot'])}" if row["slot"] else "by hand")
    if row.get("missed"):
        facts.append(f"answers for {passed(row['missed'])} too")
    when = absolute(next_retry, next_retry.tzinfo or UTC) if next_retry else "none is planned"
    return [*facts, f"next try: {when}"]
