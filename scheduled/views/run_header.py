"""The line above the output of a run: which run it is, when it was, and how it ended."""

from datetime import datetime, tzinfo

from scheduled.state import history
from scheduled.state.history import Row
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.format import clock, taken


def header(row: Row, now: datetime, zone: tzinfo) -> str:
    """Return the line; instants are printed in `zone`."""
    slot, started = parse_utc(row["slot"]), parse_utc(row["started_at"])
    parts = [f"run {one_line(row['run_id'])} of {one_line(row['job'])}"]
    parts.append(f"scheduled for {clock(slot, now, zone)}" if slot else "by hand")
    if started:
        parts.append(f"started {clock(started, now, zone)}")
    if row["where"]:
        parts.append(wording.where(row["where"]))
    parts.append(_state(row))
    return ", ".join(parts)


def _state(row: Row) -> str:
    if row["outcome"] is None:
        return "running" if row["reason"] == history.RUNNING else one_line(row["reason"] or "")
    ended = wording.ended(row["outcome"], row["error"], row["reason"])
    took = taken(row["duration_seconds"])
    return f"{ended}, took {took}" if took else ended
