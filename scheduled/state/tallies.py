"""How many slots and runs ended in which way, by the hour: enough to say how the last day went."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduled.state.document import State
from scheduled.state.records import DAY
from scheduled.timing.instants import format_utc, parse_utc

DEAD_LETTERS = "dead_letters"
"""Counted besides the outcomes: slots that failed for good."""


def add(state: State, at: str | None, outcome: str, count: int = 1) -> None:
    """Count what ended at an instant; what is older than two days is forgotten."""
    instant = parse_utc(at)
    if instant is None:
        return
    hour, tallies = hour_of(format_utc(instant)), state["tallies"]
    if hour not in tallies:
        oldest = hour_of(format_utc(instant - 2 * DAY))
        state["tallies"] = tallies = {key: tallies[key] for key in tallies if key > oldest}
    tally = tallies.setdefault(hour, {})
    tally[outcome] = tally.get(outcome, 0) + count


def add_dead_letter(state: State, event: Mapping[str, Any]) -> None:
    """Count a slot that failed for good; version 0.1.0, which numbered no events, did not."""
    if event.get("dead_letter") and "seq" in event:
        add(state, event.get("at"), DEAD_LETTERS)


def hour_of(instant: str) -> str:
    """Return the hour of an instant as `format_utc` writes it: the key of its tally."""
    return instant[:13]  # 2026-11-21T12


def of_last_day(state: State, now: datetime) -> Counter[str]:
    """Count how slots and runs ended in the last 24 hours, to the hour."""
    oldest, newest = hour_of(format_utc(now - DAY)), hour_of(format_utc(now))
    outcomes: Counter[str] = Counter()
    for hour, tally in state["tallies"].items():
        if oldest < hour <= newest:  # later ones were counted under a clock that was ahead
            outcomes.update(tally)
    return outcomes
