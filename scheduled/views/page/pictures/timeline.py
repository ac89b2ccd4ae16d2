"""A time as a picture has it: from left to right, in percent of its width. Pure.

Instants are seconds since 1970. Labels stand on the wall clock of the page; days are as long as
they are, and the change of a clock is marked.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from scheduled.quick_classes import NamedTuple
from scheduled.views.format import MONTHS, WEEKDAYS
from scheduled.views.page import moments
from scheduled.views.page.past.job_past import QUARTER

HOUR = timedelta(hours=1)
APART = 10.0
"""Labels are at least so many percent apart: 34 of 340 pixels, the width of a phone."""


class Window(NamedTuple):
    """The time of a picture."""

    start: float
    end: float

    def x(self, at: float) -> float:
        """Return where an instant lies; the nearer end for one outside."""
        share = (at - self.start) / (self.end - self.start)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def width(self, start: float, end: float) -> float:
        """Return how wide a time is, as far as it is in the picture."""
        return round(self.x(end) - self.x(start), 2)


class Tick(NamedTuple):
    """A line of the grid."""

    x: float
    label: str = ""
    """Empty where there is no room for one."""
    begins_day: bool = False
    is_wide: bool = False
    """Whether its label has no room on a phone."""


class Change(NamedTuple):
    """A change of the clocks."""

    x: float
    words: str
    day: str
    """How long that day is: `25 h`."""


def local(at: float, zone: tzinfo) -> datetime:
    """Return an instant on the wall clock."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def day_starts(window: Window, zone: tzinfo) -> list[float]:
    """Return when the days begin that begin in a time: at midnight, or where that is skipped."""
    return [at for at, before, now in _quarters(window, zone) if now.date() != before.date()]


def day_of(starts: Sequence[float]) -> Callable[[int], int]:
    """Return a function that returns in which of the days a quarter lies; 0: before the first."""
    return lambda quarter: bisect_right(starts, quarter * QUARTER)


def hours(window: Window, zone: tzinfo, step: int) -> list[Tick]:
    """Return a line for every so many hours of the clock, labelled `15:00`; days, `Sat 31`."""
    ticks = []
    for at, before, now in _quarters(window, zone):
        if now.date() != before.date():
            ticks.append(Tick(window.x(at), _weekday(now), begins_day=True))
        elif now.minute == 0 and now.hour % step == 0 and now.hour != before.hour:
            ticks.append(Tick(window.x(at), f"{now:%H:%M}"))
    return _with_room(ticks)


def days(window: Window, zone: tzinfo) -> list[Tick]:
    """Return a line for the beginning of each day, labelled `Sat 31`."""
    starts = day_starts(window, zone)
    found = [Tick(window.x(at), _weekday(local(at, zone)), begins_day=True) for at in starts]
    return _with_room(found)


def weeks(window: Window, zone: tzinfo) -> list[Tick]:
    """Return a line for the beginning of each day; Mondays are labelled, `26 Oct`."""
    ticks = []
    for at in day_starts(window, zone):
        day = local(at, zone)
        is_monday = day.weekday() == 0
        label = f"{day.day} {MONTHS[day.month - 1]}" if is_monday else ""
        ticks.append(Tick(window.x(at), label, begins_day=is_monday))
    return _with_room(ticks)


def changes(window: Window, zone: tzinfo) -> list[Change]:
    """Return the changes of the clocks in a time."""
    found = []
    for at, _, now in _quarters(window, zone):
        old = local(at - 1, zone)
        shift = (now.utcoffset() or timedelta()) - (old.utcoffset() or timedelta())
        if not shift:
            continue
        words = "Clocks went back" if shift.total_seconds() < 0 else "Clocks went forward"
        words += f" {moments.day(now, zone)} at {_after(old)} to {now:%H:%M}"
        words += f": that day has {24 - shift / HOUR:g} h"
        found.append(Change(window.x(at), words, f"{24 - shift / HOUR:g} h"))
    return found


def _weekday(day: datetime) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.day}"


def _after(minute: datetime) -> str:
    total = minute.hour * 60 + minute.minute + 1
    return f"{total // 60 % 24:02}:{total % 60:02}"


def _quarters(window: Window, zone: tzinfo) -> Iterator[tuple[float, datetime, datetime]]:
    """Yield the quarters of an hour, each with the wall clock a quarter before, and then."""
    at = window.start // QUARTER * QUARTER
    before = local(at, zone)
    while at + QUARTER <= window.end:
        at += QUARTER
        now = local(at, zone)
        yield at, before, now
        before = now


def _with_room(ticks: Sequence[Tick]) -> list[Tick]:
    """Return the ticks with the labels for which there is room; those of days go first."""
    taken: list[float] = []
    for wanted in (True, False):
        for tick in ticks:
            is_apart = all(abs(tick.x - x) >= APART for x in taken)
            if tick.label and tick.begins_day is wanted and is_apart and tick.x <= 100 - APART / 2:
                taken.append(tick.x)
    return [
        tick._replace(is_wide=tick.x > 100 - APART) if tick.x in taken else tick._replace(label="")
        for tick in ticks
    ]
