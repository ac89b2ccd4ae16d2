"""What the gaps between ticks have cost: which slots passed in them, and what became of those.

A slot in a gap is run afterwards, or it is missed; a missed one is coalesced if a later run answers
for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scheduled.state.document import JobEntry, State
from scheduled.state.gap_entry import GapEntry
from scheduled.state.present import CORRECTION
from scheduled.timing.instants import format_utc, parse_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds

MINUTE = timedelta(minutes=1)
KEPT = 100
"""Older ones are in the journal's snapshots, one a day. A laptop that naps has dozens in a day."""


def add(state: State, event: kinds.GapExplained) -> None:
    """Add a gap, which has cost nothing so far."""
    gap: GapEntry = {"from": event["from"], "to": event["to"], "cause": event["cause"]}
    if "seq" in event:  # version 0.1.0 did not count
        gap |= {"run": 0, "missed": 0, "coalesced": 0}
    state["gaps"] = [*state["gaps"], gap][-KEPT:]
    start, end = parse_utc(gap["from"]), parse_utc(gap["to"])
    if start is not None and end is not None and end < start:
        for entry in state["jobs"].values():
            _note_shown(entry, start, end)


def _note_shown(entry: JobEntry, shown: datetime, now: datetime) -> None:
    """Note what the clock had shown before it was set back, unless that was an error of hours."""
    before = parse_utc(entry.get("shown"))
    near = [each for each in (before, shown) if each is not None and each <= now + CORRECTION]
    entry["shown"] = format_utc(max(near)) if near else None


def note_missed(state: State, event: kinds.SlotsMissed) -> None:
    """Count slots that nothing runs for to the gap in which they passed."""
    gap = _gap_of(state, event["last"])
    if gap is None or gap.get("cause") != event["cause"]:
        return
    gap["missed"] = gap.get("missed", 0) + event["count"]
    if event.get("capped"):
        gap["capped"] = True
    entry = state["jobs"][event["job"]]
    entry["missed_in_gaps"] = entry.get("missed_in_gaps", 0) + event["count"]


def note_skipped(state: State, event: kinds.SlotSkipped) -> None:
    """Count a slot that was skipped, because it came too late or for a pause, to its gap."""
    gap = _gap_of(state, event["slot"]) if state["gaps"] else None
    if gap is not None:
        gap["missed"] = gap.get("missed", 0) + 1


def note_run(state: State, event: kinds.RunStarted) -> None:
    """Count a run to the gap of its slot, and the missed slots that it answers for to theirs."""
    if event.get("slot") is None or event.get("attempt", 1) > 1 or event.get("interruptions"):
        return
    rest = state["jobs"].get(event["job"], {}).pop("missed_in_gaps", 0)
    if not state["gaps"]:
        return
    gap = _gap_of(state, event["slot"])
    if gap is not None and _is_late(gap, event["slot"]):
        gap["run"] = gap.get("run", 0) + 1
    rest = min(rest, event.get("missed", 0))
    if not rest:  # as for nearly all runs
        return
    for gap in reversed(state["gaps"]):
        taken = min(rest, gap.get("missed", 0) - gap.get("coalesced", 0))
        if taken > 0:
            gap["coalesced"] = gap.get("coalesced", 0) + taken
            rest -= taken


def _is_late(gap: GapEntry, slot: str | None) -> bool:
    """Return whether a slot in a gap was over before its end: the tick that ended it may be its."""
    end, instant = parse_utc(gap["to"]), parse_utc(slot)
    return end is not None and instant is not None and end - instant >= MINUTE


def _gap_of(state: State, slot: str | None) -> GapEntry | None:
    """Return the newest gap in which a slot lies and that counts what it cost."""
    instant = parse_utc(slot)
    if instant is None:
        return None
    for gap, (start, end) in _spans(state):
        if start < instant <= end:
            return gap if "missed" in gap else None
        if start < end < instant:
            return None  # and all others are older
    return None


def _spans(state: State) -> Iterator[tuple[GapEntry, tuple[datetime, datetime]]]:
    for gap in reversed(state["gaps"]):
        start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
        if start is not None and end is not None:
            yield gap, (start, end)
