"""What a job did in a time: how much of each look when, and single runs as long as they are few.

What is kept does not grow with the number of runs: they are counted in bins, and once there are
more than a picture can show apart, none is kept by itself.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.state.history import Row
from scheduled.state.lines import Event
from scheduled.timing.instants import parse_utc
from scheduled.views.page.past import looks
from scheduled.views.page.past.looks import ALL, Look

QUARTER = 900
"""Seconds. Days of all time zones begin with one."""
APART = 96
"""So many slots of a job stand apart in a picture; more are drawn together."""
POINTS = 200
"""So many durations are plotted one by one; more are drawn together, a day at a time."""
MOST = 5000
"""Of the durations of a day, so many newest ones are looked at."""
SPREAD = 3000
"""Over so many quarters at most, a month, slots that were missed together are spread."""
LONGEST = 120
_NUMBER = {look: number for number, look in enumerate(ALL)}
_STEP = math.log(1.02)
"""Durations are told apart to two percent where there are many."""


class Mark(NamedTuple):
    """A run, or consecutive slots that had none."""

    look: Look
    at: float
    """When it started, or the first of the slots; seconds since 1970, as all of these."""
    slot: float | None = None
    """Its slot, if it did not start then; of several, the last one."""
    seconds: float | None = None
    """How long it took."""
    cause: str = ""
    """What went wrong; empty for a success."""
    slots: int = 1


class Day(NamedTuple):
    """The durations of the runs of a day, where there are too many to be plotted."""

    at: float
    least: float
    median: float
    most: float


@dataclass
class JobPast:
    """What a job did in a time."""

    bins: dict[int, list[int]] = field(default_factory=dict)
    """By the number of its bin, how much of each look."""
    marks: list[Mark] | None = field(default_factory=list)
    """Newest first; None if there are too many."""
    points: list[Mark] | None = field(default_factory=list)
    """The runs of which it is known how long they took; None if there are too many."""
    days: list[Day] = field(default_factory=list)
    """Their durations, a day at a time."""
    failures: list[Mark] = field(default_factory=list)
    """The newest runs that did not succeed, newest first; so many as are shown apart."""
    lengths: Counter[int] = field(default_factory=Counter)
    """How many successes took how long, by the logarithm."""

    def add(self, event: Event, row: Row) -> None:
        """Add an event that is older than all others, and whose row has an outcome."""
        mark = mark_of(event, row)
        for quarter, count in quarters(mark):
            self._bin(quarter)[_NUMBER[mark.look]] += count
        self._append(mark)
        if mark.look in looks.TROUBLES and len(self.failures) < APART:
            self.failures.append(mark)
        if mark.seconds is None:
            return
        if self.points is not None and len(self.points) < MOST:
            self.points.append(mark)
        if mark.look in looks.SUCCESSES:
            self.lengths[_length(mark.seconds)] += 1

    def add_older(self, older: "JobPast", bin_of: Callable[[int], int]) -> None:
        """Add an earlier time, whose bins are quarters; `bin_of` says in which bin one lies."""
        for quarter, counts in older.bins.items():
            here = self._bin(bin_of(quarter))
            for number, count in enumerate(counts):
                here[number] += count
        for mark in older.marks or ():
            self._append(mark)
        if older.marks is None:
            self.marks = None
        self.failures += older.failures[: APART - len(self.failures)]
        self._add_durations(older)

    def _add_durations(self, older: "JobPast") -> None:
        self.days += older.days
        self.lengths.update(older.lengths)
        if self.points is None or older.points is None:
            self.points = None
        else:
            self.points += older.points
            if len(self.points) > POINTS:
                self.points = None

    def _bin(self, number: int) -> list[int]:
        return self.bins.setdefault(number, [0] * len(ALL))

    def _append(self, mark: Mark) -> None:
        if self.marks is not None:
            self.marks.append(mark)
            if sum(each.slots for each in self.marks) > APART:
                self.marks = None

    def close(self) -> None:
        """Sum up the durations of a day that is complete."""
        found = sorted(mark.seconds for mark in self.points or () if mark.seconds is not None)
        if found and self.points:
            middle = (self.points[0].at + self.points[-1].at) / 2
            self.days = [Day(middle, found[0], found[len(found) // 2], found[-1])]
        if len(found) > POINTS:
            self.points = None

    @property
    def counts(self) -> list[int]:
        """How much of each look there was."""
        return [sum(column) for column in zip(*self.bins.values(), strict=True)] or [0] * len(ALL)


def mark_of(event: Event, row: Row) -> Mark:
    """Return the mark of an event whose row has an outcome."""
    look = looks.of(row)
    slot, started = _epoch(row["slot"]), _epoch(row["started_at"])
    noted = _epoch(row["finished_at"]) or 0.0
    if look in looks.RUNS:
        at = started if started is not None else noted
        cause = (row["error"] or row["reason"] or "") if look in looks.TROUBLES else ""
        is_late = look is not Look.OK and slot is not None and slot < at
        return Mark(look, at, slot if is_late else None, row["duration_seconds"], cause[:LONGEST])
    last, cause = slot if slot is not None else noted, (row["reason"] or "")[:LONGEST]
    if event["event"] != "missed":
        return Mark(look, last, None, None, cause)
    first = _epoch(event.get("first"))
    first = last if first is None else min(first, last)
    return Mark(look, first, last, None, cause, row["missed"])


def instants(mark: Mark) -> Iterator[float]:
    """Yield when each of the slots of a mark was: evenly from the first to the last."""
    yield mark.at
    if mark.slots > 1 and mark.slot is not None:
        step = (mark.slot - mark.at) / (mark.slots - 1)
        yield from (mark.at + number * step for number in range(1, mark.slots))


def quarters(mark: Mark) -> Iterator[tuple[int, int]]:
    """Yield the quarters in which a mark lies, each with how many of its slots."""
    first = int(mark.at // QUARTER)
    if mark.slots == 1 or mark.slot is None:
        yield first, mark.slots
        return
    last = int(mark.slot // QUARTER)
    before, begin = 0, max(first, last - SPREAD)
    step = (mark.slot - mark.at) / (mark.slots - 1)
    for quarter in range(begin, last):
        until = math.ceil(((quarter + 1) * QUARTER - mark.at) / step)
        if until > before:
            yield quarter, until - before
        before = max(before, until)
    yield last, mark.slots - before


def bounds(quarters: int, number: int) -> tuple[float, float]:
    """Return from when to when a bin of so many quarters is."""
    start = float(number * quarters * QUARTER)
    return start, start + quarters * QUARTER


def quantile(lengths: Mapping[int, int], share: float) -> float | None:
    """Return how long that share of the runs took at most; None if there is none."""
    wanted = share * sum(lengths.values())
    for length in sorted(lengths):
        wanted -= lengths[length]
        if wanted <= 0:
            return math.exp(length * _STEP)
    return None


def _length(seconds: float) -> int:
    return round(math.log(max(seconds, 1e-3)) / _STEP)


def _epoch(text: Any) -> float | None:
    instant = parse_utc(text)
    return instant.timestamp() if instant is not None else None
