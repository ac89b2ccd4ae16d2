"""The hours a job may start in: `21:00-06:00`, on the wall clock of its zone. Pure.

Half-open: at 21:00 it may start, at 06:00 no longer. A window that ends before it begins goes
over midnight. What counts is what the clock shows: a window lasts longer in the night the clock
is set back, and one that lies in a gap altogether does not open that day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache

from scheduled.errors import ScheduleError
from scheduled.timing.timezones import earliest_instant, occurrences, repeating_change, wall_time

_TIMES = re.compile(r"(\d{1,2}):(\d\d) ?- ?(\d{1,2}):(\d\d)", re.ASCII)


@dataclass(frozen=True)
class Window:
    """From `start`, up to and without `end`. Never empty, never the whole day."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def is_open_at(self, clock: time) -> bool:
        """Whether the window is open when the clock shows this."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@lru_cache(maxsize=256)
def parse(text: str) -> Window:
    """The window `21:00-06:00` stands for; `24:00` is midnight. Raises ScheduleError."""
    found = _TIMES.fullmatch(text.strip())
    if found is None:
        raise ScheduleError("two times of day, please, like 21:00-06:00")
    first, second = (_time(*found.group(at, at + 1)) for at in (1, 3))
    if first == second:
        raise ScheduleError("begins where it ends; leave it out if the job may always start")
    return Window(first, second)


def next_opening(text: str, zone: str, now: datetime) -> datetime | None:
    """When the window opens next, in UTC; None if it is open at `now`."""
    window = parse(text)
    if window.is_open_at(wall_time(now, zone).time()):
        return None
    return min(
        one
        for one in _candidates(window, zone, now)
        if one > now and window.is_open_at(wall_time(one, zone).time())
    )


def _candidates(window: Window, zone: str, now: datetime) -> Iterator[datetime]:
    """Where it may open: whenever its start is shown, at the end of a gap, where time repeats."""
    change = repeating_change(now, zone)
    if change is not None:
        yield change
    today = wall_time(now, zone).date()
    # A day before, for the clock may be set back over midnight; some after, for gaps.
    for days in range(-1, 5):
        start = datetime.combine(today + timedelta(days=days), window.start)
        yield earliest_instant(start, zone)
        yield from occurrences(start, zone)


def _time(hours: str, minutes: str) -> time:
    hour, minute = int(hours), int(minutes)
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise ScheduleError(f"{hours}:{minutes} is no time of day")
    return time(hour, minute)
