"""When a run will probably end: from how long the job took before. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from scheduled.planning.durations import is_far_longer, usual
from scheduled.views.format import span

FEW = 3
"""Fewer durations than this say how long it took last, and not what is usual."""
SHORT = 1.0
"""Seconds. What takes less is over before anybody has read when it will be."""
SOON = 60.0
"""Seconds. What ends sooner is said in seconds, and not by the clock."""


def progress(elapsed: float, before: Sequence[float], now: datetime, zone: tzinfo) -> str:
    """Return how long a run has been going on, of how long, and when it ends.

    `before` has the durations in which the job last succeeded, oldest first; `now` is the present.
    """
    if not before:
        return span(elapsed)
    expected = _expected(before)
    if max(elapsed, expected) < SHORT:
        return span(elapsed)
    if elapsed < expected:
        return f"{span(elapsed)} of {outlook(before, now, zone, elapsed)}"
    much = "far longer" if is_far_longer(elapsed, before) else "longer"
    than = "usual" if len(before) >= FEW else "last time"
    return f"{span(elapsed)}, {much} than {than} ({span(expected)})"


def outlook(before: Sequence[float], now: datetime, zone: tzinfo, elapsed: float = 0.0) -> str:
    """Return how long a run takes, and when it ends: `usually 14 min: ends about 14:35`."""
    expected = _expected(before) if before else 0.0
    if expected < SHORT:
        return ""
    takes = f"usually {span(expected)}" if len(before) >= FEW else f"{span(expected)} last time"
    return f"{takes}: {_end(expected - elapsed, now, zone)}"


def _expected(before: Sequence[float]) -> float:
    return usual(before) if len(before) >= FEW else before[-1]


def _end(left: float, now: datetime, zone: tzinfo) -> str:
    if left < SOON:
        return f"ends in about {span(max(left, 1))}"
    end, today = (now + timedelta(seconds=left)).astimezone(zone), now.astimezone(zone)
    return f"ends about {end:%H:%M}" if end.date() == today.date() else f"ends about {end:%a %H:%M}"
