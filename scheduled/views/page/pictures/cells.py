"""The strip of a job over 30 days: a cell for each day. Pure."""

from collections.abc import Callable, Mapping, Sequence

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.past import looks
from scheduled.views.page.past.looks import Look
from scheduled.views.page.pictures.lane import Bar, Stretch, height, stretches
from scheduled.views.page.pictures.timeline import Window

LEAST, MOST = 3.0, 18.0
"""Pixels of what failed, or was missed, on a day."""
Bounds = Callable[[int], tuple[float, float]]
"""Returns from when to when a day is."""


class Strip(NamedTuple):
    """What stands in the lane of a job."""

    stretches: tuple[Stretch, ...]
    """`ok`: days on which it ran, whatever came of it; `held`: on which it was only skipped."""
    failed: tuple[Bar, ...]
    """From below."""
    missed: tuple[Bar, ...]
    """From above."""


def bounds(starts: Sequence[float], window: Window) -> Bounds:
    """Return a function that returns from when to when a day is; 0 is what precedes `starts`."""
    edges = [window.start, *starts, window.end]
    return lambda number: (edges[number], edges[number + 1])


def strip(
    bins: Mapping[int, Sequence[int]], window: Window, of_day: Bounds, name_of: Callable[[int], str]
) -> Strip:
    """Return the strip of what was counted by day; `name_of` prints a day."""
    days = sorted(bins.items())
    bands = stretches({of_day(number): counts for number, counts in days}, window, ("ok", "held"))
    failed, missed = [], []
    for number, counts in days:
        start, end = of_day(number)
        x, width = window.x(start), window.width(start, end)
        ran, total = looks.total(counts, looks.RUNS), sum(counts)
        if troubles := looks.total(counts, looks.TROUBLES):
            title = f"{name_of(number)}: {troubles} of {ran} failed"
            failed.append(Bar(x, width, height(troubles / ran, LEAST, MOST), title))
        if lost := looks.total(counts, (Look.MISSED,)):
            tall = round(max(LEAST, MOST * lost / total), 1)
            missed.append(Bar(x, width, tall, f"{name_of(number)}: {lost} of {total} missed"))
    return Strip(bands, tuple(failed), tuple(missed))
