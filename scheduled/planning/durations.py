"""How long a job usually takes, and what is far longer or shorter. Pure.

*Usually* is the median of the durations in which it last succeeded; the state keeps a dozen.
"""

from collections.abc import Sequence

FACTOR = 3
NOTICED = 10.0
"""Seconds beyond the usual that nobody minds."""
ENOUGH = 5
"""Fewer durations than this do not show what is usual."""
SHARE = 10
"""A run that takes less than this part of the shortest one did not do its work."""
SHORTEST = 10.0
"""Seconds. Where runs take less, a short one says nothing."""


def usual(durations: Sequence[float]) -> float:
    """Return how long a job usually takes; there has to be a duration."""
    from statistics import median

    return median(durations)


def is_far_longer(seconds: float, before: Sequence[float], warn_after: float | None = None) -> bool:
    """Return whether a run took, or takes, far longer than those before it, or than a limit."""
    if warn_after is not None:
        return seconds > warn_after
    if len(before) < ENOUGH or seconds <= NOTICED:
        return False
    middle = usual(before)
    return seconds > FACTOR * middle and seconds > middle + NOTICED


def is_far_shorter(seconds: float, before: Sequence[float]) -> bool:
    """Return whether a run took far less time than any of those before it.

    Those that had taken far too little themselves do not count: the second bad run is as bad.
    """
    full: list[float] = []
    for earlier in before:
        if not _is_short(earlier, full):
            full.append(earlier)
    return _is_short(seconds, full)


def _is_short(seconds: float, full: Sequence[float]) -> bool:
    if len(full) < ENOUGH:
        return False
    least = min(full)
    return least >= SHORTEST and seconds * SHARE < least
