"""How long the runs of a job took, plotted over a time, with median and deadline. Pure."""

from collections.abc import Sequence
from statistics import median

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.past import looks
from scheduled.views.page.past.job_past import JobPast, quantile
from scheduled.views.page.past.looks import Look
from scheduled.views.page.pictures.timeline import Window

HEIGHT = 60
"""Pixels of a plot."""
MARGIN = 5
"""Pixels above and below, so that no mark is cut."""
NEAR = {"median": 1.0, "warning": 1.6, "deadline": 2.2}
"""A line is drawn where it is no higher than so many times as high as the data."""
CROSSES = 60
"""So many failures are plotted, the newest."""


class Figures(NamedTuple):
    """How long runs took, in seconds."""

    runs: int
    median: float | None
    """Of those that succeeded; None if none did."""
    p95: float | None
    longest: float | None
    """Of all."""
    failed: int


class Point(NamedTuple):
    """A run."""

    look: str
    x: float
    y: float


class Day(NamedTuple):
    """The runs of a day, from the shortest to the longest."""

    x: float
    top: float
    bottom: float
    median: float


class Line(NamedTuple):
    """A duration that others are measured by."""

    kind: str
    """`median`, `warning`, `deadline`."""
    y: float
    seconds: float


class Plot(NamedTuple):
    """The picture."""

    points: tuple[Point, ...]
    days: tuple[Day, ...]
    lines: tuple[Line, ...]


def figures(past: JobPast) -> Figures:
    """Return what the durations of a job come to."""
    counts = past.counts
    longest = [point.seconds for point in past.points or () if point.seconds is not None]
    longest += [day.most for day in past.days]
    exact = _successes(past)
    return Figures(
        looks.total(counts, looks.RUNS),
        median(exact) if exact else quantile(past.lengths, 0.5),
        _rank(exact, 0.95) if exact else quantile(past.lengths, 0.95),
        max(longest, default=None),
        looks.total(counts, looks.TROUBLES),
    )


def plot(
    past: JobPast,
    window: Window,
    middle: float | None,
    warning: float | None,
    deadline: float | None,
) -> Plot:
    """Return the picture of a job; the lines for `warning` and `deadline` only if they are near."""
    timed = [point for point in past.points or () if point.seconds is not None]
    crosses = [mark for mark in past.failures[:CROSSES] if mark.seconds is not None]
    marks = timed if past.points is not None else crosses
    days = past.days if past.points is None else []
    data = [mark.seconds or 0.0 for mark in marks] + [day.most for day in days]
    most = max([*data, middle or 0.0, 1e-3])
    wanted = {"median": middle, "warning": warning, "deadline": deadline}
    lines = {
        kind: seconds
        for kind, seconds in wanted.items()
        if seconds is not None and seconds <= NEAR[kind] * most
    }
    top = max([most, *lines.values()])

    def y(seconds: float) -> float:
        return round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * min(seconds, top) / top, 1)

    return Plot(
        tuple(Point(mark.look.value, window.x(mark.at), y(mark.seconds or 0.0)) for mark in marks),
        tuple(Day(window.x(day.at), y(day.most), y(day.least), y(day.median)) for day in days),
        tuple(Line(kind, y(seconds), seconds) for kind, seconds in lines.items()),
    )


def has_drifted(past: JobPast, newest: int = 3, factor: float = 1.5) -> bool:
    """Return whether the newest runs all took far longer, or far less, than is usual."""
    middle = figures(past).median
    if not middle:
        return False
    found = _successes(past)[:newest] or [day.median for day in past.days[:newest]]
    if len(found) < newest:
        return False
    return min(found) > factor * middle or max(found) * factor < middle


def _successes(past: JobPast) -> list[float]:
    """Return how long the successes took, newest first; none if they are too many to be kept."""
    return [
        point.seconds
        for point in past.points or ()
        if point.seconds is not None and point.look in (Look.OK, Look.LATE)
    ]


def _rank(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
