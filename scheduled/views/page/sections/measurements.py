"""Seven days of `METRICS.central.json` as sparklines: whatever numbers it has."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from scheduled.ecosystem import central, timestamps
from scheduled.errors import cut
from scheduled.quick_classes import NamedTuple
from scheduled.views.format import size
from scheduled.views.page import markup
from scheduled.views.page.facts import DAY, Facts

NAME = "METRICS"
DAYS = 7
MOST = 40
"""So many numbers are shown; a program that writes more of them into the file is no reason to."""
GAP = 3
"""A line is broken where measurements lie so many times farther apart than usual."""
LIMIT = 1e15
"""What is not less means nothing here; neither does NaN."""
FULL = 1000
"""The width and height in which the points of a line are given."""
LONGEST = 200
"""Characters of a name."""
CLOSE = 5
"""Points nearer to each other than this are seen as one."""
LABELS = {
    "logs total_size_bytes": "Logs",
    "logs file_count": "Log files",
    "logs rotated_size_bytes": "Rotated logs",
    "logs rotated_count": "Rotated log files",
    "logs recent_errors": "Errors in logs, each hour",
    "logs recent_warnings": "Warnings in logs, each hour",
    "memory file_count": "Memory files",
    "memory total_size_bytes": "Memory",
    "memory total_lines": "Lines of memory",
    "memory exceeding": "Memory files over the limit",
    "mail total_messages": "Messages",
    "mail total_unread": "Unread messages",
    "mail unreadable": "Mailboxes that cannot be read",
    "branches total": "Branches",
}
LEFT_OUT = frozenset(("logs total_size_mb",))
"""The same as another one, rounded."""


class Series(NamedTuple):
    """How a number went."""

    label: str
    lines: tuple[str, ...]
    """The points of each unbroken stretch, for `points`, within FULL x FULL."""
    dots: tuple[tuple[int, int], ...]
    """Measurements that stand alone."""
    lowest: str
    highest: str
    now: str
    change: str
    """Since the first of them: `+3`, `-1.2 MB`, `none`."""

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to see in a picture of it."""
        return self.lowest == self.highest


class Metrics(NamedTuple):
    """All that was measured."""

    series: tuple[Series, ...]
    """Those that changed."""
    constant: tuple[Series, ...]
    first: datetime
    last: datetime
    measurements: int


Points = list[tuple[datetime, float]]


def model(facts: Facts) -> Metrics | None:
    """Return the measurements; None where nothing is measured. Raises UnreadableFileError."""
    document = central.read_strictly(facts.config.places.central_dir, NAME)
    history = document.get("history") if isinstance(document, dict) else None
    measured = sorted(_measured(facts, history), key=lambda each: each[0])
    if not measured:
        return None
    points: dict[str, Points] = {}
    for at, values in measured:
        for name, value in values.items():
            points.setdefault(name, []).append((at, value))
    first, last = measured[0][0], measured[-1][0]
    names = [name for name in points if name not in LEFT_OUT]
    known = sorted(names, key=lambda name: [*LABELS].index(name) if name in LABELS else len(LABELS))
    series = [_series(name, points[name], first, last) for name in known[:MOST]]
    return Metrics(
        tuple(each for each in series if not each.is_constant),
        tuple(each for each in series if each.is_constant),
        first,
        last,
        len(measured),
    )


def _measured(facts: Facts, history: Any) -> Iterator[tuple[datetime, dict[str, float]]]:
    """Yield when each measurement was made and its numbers, those of the last days."""
    for entry in history if isinstance(history, list) else ():
        if not isinstance(entry, dict):
            continue
        at = timestamps.readable(entry.get("timestamp"), facts.zone)
        if at is not None and facts.now - DAYS * DAY <= at <= facts.now + DAY:
            yield at, dict(_numbers(entry))


def _numbers(entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for section, values in entry.items():
        for key, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, int | float) and type(value) is not bool and abs(value) < LIMIT:
                yield f"{section} {key}", value


def _series(name: str, points: Points, first: datetime, last: datetime) -> Series:
    values = [value for _, value in points]
    shown = size_of if name.endswith("_bytes") else markup.number
    lines, dots = _drawn(points, first, last)
    return Series(
        LABELS.get(name, cut(name.replace("_", " "), LONGEST)),
        lines,
        dots,
        shown(min(values)),
        shown(max(values)),
        shown(values[-1]),
        _change(values[-1] - values[0], shown),
    )


def size_of(value: float) -> str:
    """Return a number of bytes in words."""
    return size(int(value))


def _change(difference: float, shown: Any) -> str:
    if not difference:
        return "none"
    return f"{'+' if difference > 0 else '-'}{shown(abs(difference))}"


def _drawn(
    points: Points, first: datetime, last: datetime
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Return the stretches without a gap as lines, and what stands alone as dots."""
    values = [value for _, value in points]
    low, high = min(values), max(values)
    whole = (last - first).total_seconds()

    def place(at: datetime, value: float) -> tuple[int, int]:
        x = (at - first).total_seconds() / whole * FULL if whole else FULL
        y = FULL / 2 if high == low else (high - value) / (high - low) * FULL
        return round(x), round(y)

    stretches = [[place(*point) for point in stretch] for stretch in _stretches(points)]
    lines = (" ".join(f"{x},{y}" for x, y in _thinned(line)) for line in stretches if len(line) > 1)
    return tuple(lines), tuple(line[0] for line in stretches if len(line) == 1)


def _stretches(points: Points) -> list[Points]:
    """Return the points in pieces, cut where there is a gap."""
    steps = sorted((after - before).total_seconds() for (before, _), (after, _) in pairwise(points))
    longest = GAP * steps[len(steps) // 2] if steps else 0.0
    found: list[Points] = []
    for point in points:
        if found and (point[0] - found[-1][-1][0]).total_seconds() <= longest:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def _thinned(line: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the points of a line; of many close together the first, the extremes and the last."""
    for _, group in groupby(line, key=lambda point: point[0] // CLOSE):
        together = [*group]
        heights = [y for _, y in together]
        kept = {0, len(heights) - 1, heights.index(min(heights)), heights.index(max(heights))}
        yield from (together[number] for number in sorted(kept))
