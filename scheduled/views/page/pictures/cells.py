"""The strip of a job over 30 days: a cell for each day. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.past import looks
from scheduled.views.page.past.looks import Look
from scheduled.views.page.pictures.lane import Stretch, height
from scheduled.views.page.pictures.timeline import Window

LEAST, MOST = 3.0, 18.0
"""Pixels of what failed, or was missed, on a day."""
Bounds = Callable[[int], tuple[float, float]]
"""Returns from when to when a day is."""


class Part(NamedTuple):
    """The part of a day that failed, or was missed, by its height."""

    x: float
    width: float
    height: float
    title: str


class Strip(NamedTuple):
    """What stands in the lane of a job."""

    stretches: tuple[Stretch, ...]
    """`ok`: days on which it ran, whatever came of it; `held`: on which it was only skipped."""
    failed: tuple[Part, ...]
    """From below."""
    missed: tuple[Part, ...]
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
    stretches = [
        Stretch(kind, window.x(of_day(first)[0]), window.x(of_day(last)[1]))
        for kind, numbers in (
            ("ok", [number for number, counts in days if looks.total(counts, looks.RUNS)]),
            ("held", [number for number, counts in days if _is_held(counts)]),
        )
        for first, last in _in_a_row(numbers)
    ]
    failed, missed = [], []
    for number, counts in days:
        start, end = of_day(number)
        x, width = window.x(start), window.width(start, end)
        ran, total = looks.total(counts, looks.RUNS), sum(counts)
        if troubles := looks.total(counts, looks.TROUBLES):
            title = f"{name_of(number)}: {troubles} of {ran} failed"
            failed.append(Part(x, width, height(troubles / ran, LEAST, MOST), title))
        if lost := looks.total(counts, (Look.MISSED,)):
            tall = round(max(LEAST, MOST * lost / total), 1)
            missed.append(Part(x, width, tall, f"{name_of(number)}: {lost} of {total} missed"))
    return Strip(tuple(stretches), tuple(failed), tuple(missed))


def _is_held(counts: Sequence[int]) -> bool:
    happened = looks.total(counts, (*looks.RUNS, Look.MISSED))
    return not happened and sum(counts) > 0


def _in_a_row(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of numbers that follow each other."""
    first = last = None
    for number in numbers:
        if first is not None and last is not None and number != last + 1:
            yield first, last
            first = None
        first, last = number if first is None else first, number
    if first is not None and last is not None:
        yield first, last
