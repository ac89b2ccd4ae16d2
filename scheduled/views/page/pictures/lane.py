"""The lane of a job: marks where its slots are few, bands where they are many. Pure."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.past import looks
from scheduled.views.page.past.job_past import JobPast, Mark, instants
from scheduled.views.page.past.looks import Look
from scheduled.views.page.pictures.timeline import Window

HEIGHT = 24
"""Pixels of a lane."""
LEAST_RED, MOST_RED = 4.0, 20.0
"""Pixels of the failures among many runs."""
WIDE = 0.4
"""Percent of a picture: a run that takes longer is as long as it took."""
Span = tuple[float, float]
"""An instant and a later one."""
When = Callable[[float], str]
"""Prints an instant."""


class Stretch(NamedTuple):
    """Many slots in a row that are drawn as one band."""

    kind: str
    """`ok`: they ran, whatever came of it; `missed`, `held`."""
    x: float
    end: float


class Bar(NamedTuple):
    """How much of a bin failed, or was missed, by its height."""

    x: float
    width: float
    height: float
    title: str


class Sign(NamedTuple):
    """One run or slot."""

    look: str
    x: float
    slot: float | None
    """Where its slot is, if that is elsewhere."""
    width: float
    """How long it took, if that can be seen; else 0."""
    title: str
    """Empty for a success."""


class Shapes(NamedTuple):
    """What stands in a lane."""

    stretches: tuple[Stretch, ...] = ()
    bars: tuple[Bar, ...] = ()
    signs: tuple[Sign, ...] = ()


def shapes(past: JobPast, window: Window, bounds: Callable[[int], Span], when: When) -> Shapes:
    """Return what stands in the lane of a job; `bounds` says from when to when a bin is."""
    if past.marks is not None:
        return Shapes(signs=tuple(_signs(past.marks, window, when)))
    bins = {bounds(number): counts for number, counts in sorted(past.bins.items())}
    bands = stretches(bins, window, ("ok", "missed", "held"))
    return Shapes(bands, tuple(_bars(bins, window, when)))


def stretches(
    bins: Mapping[Span, Sequence[int]], window: Window, kinds: Iterable[str]
) -> tuple[Stretch, ...]:
    """Return the bands of these kinds, each over all bins in a row that have it."""
    return tuple(
        Stretch(kind, window.x(start), window.x(end))
        for kind in kinds
        for start, end in _joined(span for span, counts in bins.items() if _has(kind, counts))
    )


def height(share: float, least: float = LEAST_RED, most: float = MOST_RED) -> float:
    """Return how high a share is drawn: by its root, so that one in a thousand is still seen."""
    return round(max(least, most * math.sqrt(min(share, 1.0))), 1)


def running(started: Iterable[float], window: Window, when: When) -> Iterator[Sign]:
    """Yield the signs of runs in progress."""
    for at in started:
        x = window.x(at)
        yield Sign("running", x, None, round(100 - x, 2), f"running since {when(at)}")


def _signs(marks: Sequence[Mark], window: Window, when: When) -> Iterator[Sign]:
    """Yield the signs of marks, those that matter most last, so that they stand on top."""
    for mark in sorted(marks, key=lambda mark: (mark.look in looks.TROUBLES, mark.at)):
        for at in instants(mark):
            is_run = mark.look in looks.RUNS
            slot = window.x(mark.slot) if is_run and mark.slot is not None else None
            width = window.width(at, at + mark.seconds) if is_run and mark.seconds else 0.0
            yield Sign(
                mark.look.value,
                window.x(at),
                slot,
                width if width > WIDE else 0.0,
                _title(mark, at, when),
            )


def _title(mark: Mark, at: float, when: When) -> str:
    if mark.look is Look.OK:
        return ""
    words = f"{when(at)}: {looks.WORDS[mark.look]}"
    if mark.look is Look.LATE and mark.slot is not None:
        return f"{words}; scheduled for {when(mark.slot)}"
    return f"{words}: {mark.cause}" if mark.cause else words


def _has(kind: str, counts: Sequence[int]) -> bool:
    ran, missed = looks.total(counts, looks.RUNS), looks.total(counts, (Look.MISSED,))
    match kind:
        case "ok":
            return ran > 0
        case "missed":
            return missed > 0
        case _:
            return not ran and not missed and sum(counts) > 0


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield neighbours as one."""
    begun: Span | None = None
    for start, end in spans:
        if begun is not None and start <= begun[1]:
            begun = begun[0], end
            continue
        if begun is not None:
            yield begun
        begun = start, end
    if begun is not None:
        yield begun


def _bars(bins: Mapping[Span, Sequence[int]], window: Window, when: When) -> Iterator[Bar]:
    for (start, end), counts in bins.items():
        failed, ran = looks.total(counts, looks.TROUBLES), looks.total(counts, looks.RUNS)
        if failed:
            x = window.x(start)
            title = f"{when(start)} to {when(end)}: {failed} of {ran} failed"
            yield Bar(x, round(window.x(end) - x, 2), height(failed / ran), title)
