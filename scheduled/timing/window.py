"""The hours a job may start in: `21:00-06:00`, on the wall clock of its zone (pure).

Half-open: a job may start at 21:00, and no longer at 06:00. A window that ends before it begins
includes midnight. It follows the wall clock: it is longer in the night the clock is set back, and
does not open on a day when all of it is skipped.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache

from scheduled.errors import ScheduleError
from scheduled.quick_classes import dataclass
from scheduled.timing.timezones import earliest_instant, occurrences, repeating_change, wall_time

_TIMES = r"(?a:(\d{1,2}):(\d\d) ?- ?(\d{1,2}):(\d\d))"


@dataclass(frozen=True)
class Window:
    """The half-open [start, end); never empty, never the whole day."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def is_open_at(self, clock: time) -> bool:
        """Return whether the window is open when the clock shows this."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@lru_cache(maxsize=256)
def parse(text: str) -> Window:
    """Return the window of a text like `21:00-06:00`; `24:00` is midnight. Raise ScheduleError."""
    match = re.fullmatch(_TIMES, text.strip())
    if match is None:
        raise ScheduleError("expected a range like 21:00-06:00")
    start, end = (_time(*match.group(group, group + 1)) for group in (1, 3))
    if start == end:
        raise ScheduleError("start and end are equal; leave it out if the job may always start")
    return Window(start, end)


def closed(text: str) -> str:
    """Return what is said of a job that waits for its window."""
    return f"outside its window {text}"


def next_opening(text: str, zone: str, now: datetime) -> datetime | None:
    """Return when the window opens next, in UTC; None if it is open at `now`."""
    window = parse(text)
    if window.is_open_at(wall_time(now, zone).time()):
        return None
    return min(
        instant
        for instant in _candidates(window, zone, now)
        if instant > now and window.is_open_at(wall_time(instant, zone).time())
    )


def _candidates(window: Window, zone: str, now: datetime) -> Iterator[datetime]:
    """Yield when it may open: when the clock shows its start, after a gap, at a set-back clock."""
    change = repeating_change(now, zone)
    if change is not None:
        yield change
    today = wall_time(now, zone).date()
    # From yesterday, as the clock may be set back over midnight; some days ahead, because of gaps.
    for days in range(-1, 5):
        start = datetime.combine(today + timedelta(days=days), window.start)
        yield earliest_instant(start, zone)
        yield from occurrences(start, zone)


def _time(hours: str, minutes: str) -> time:
    hour, minute = int(hours), int(minutes)
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise ScheduleError(f"{hours}:{minutes} is not a valid time")
    return time(hour, minute)
