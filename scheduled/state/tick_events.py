"""Events of ticks themselves: times without any, and whom they could not tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from scheduled.timing.instants import format_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def gap_explained(start: datetime, end: datetime, cause: str) -> kinds.GapExplained:
    """Build the event of a time without ticks."""
    return {"event": "gap", "from": format_utc(start), "to": format_utc(end), "cause": cause}


def subscribers_failing(problems: Mapping[str, str]) -> kinds.SubscribersFailing:
    """Build the event of all subscribers that fail, with the reason of each; none if none does."""
    return {"event": "subscribers", "failing": dict(problems)}


def tick_interval_installed(by: str, seconds: float | None) -> kinds.TickIntervalInstalled:
    """Build the event of a crontab or timer that calls each `seconds`; None: not any more."""
    return {"event": "cadence", "by": by, "seconds": seconds}
