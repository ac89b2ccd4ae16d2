"""The wall times that five fields match, on a clock that never changes (pure).

Days that plain fields cannot say are found by `recurring_days`, all others by croniter, which only
this module uses. It is given wall times only, and it is asked which days match;
the times of a day are those of the fields. Days can be remembered from one process to the next, so
that a tick need not import it: `forecast` returns them, `remember` takes them. Fields that match
each day need no croniter at all.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from scheduled.quick_classes import NamedTuple
from scheduled.timing.schedule import Cron, Recurrence

MINUTE = timedelta(minutes=1)
BEHIND, AHEAD, RENEWED = 70, 440, 40
"""In days from today: how far back and ahead days are remembered, and when they are renewed."""
MOST_FORECAST = 20
"""So many sets of days are computed at once; each takes some milliseconds."""


class Days(NamedTuple):
    """Which days of a stretch match."""

    first: int
    """The ordinal of the first day of the stretch, as `date.toordinal` has it."""
    matches: str
    """`1` for each day that matches, `0` for each other."""


class WallTimes(Protocol):
    """What five fields match: takes and returns naive wall times."""

    def after(self, wall: datetime) -> datetime | None:
        """Return the first match strictly after `wall`; None if there is none."""

    def latest(self, wall: datetime) -> datetime | None:
        """Return the last match at or before `wall`; None if there is none."""


_remembered: dict[str, Days] = {}
_asked: dict[str, Cron] = {}
"""Fields that do not match each day, and were asked for in this process."""


@lru_cache(maxsize=1024)  # a tick needs it once or twice, a simulation thousands of times
def of(cron: Cron | Recurrence) -> WallTimes:
    """Return what five fields, or a recurrence, match."""
    if isinstance(cron, Recurrence):
        return _Recurring(cron)
    if (len(cron.days), len(cron.months), len(cron.weekdays)) == (31, 12, 7):
        return _Daily(_times(cron))
    _asked[_key(cron)] = cron
    days = _remembered.get(_key(cron))
    return _Remembered(cron, days) if days is not None else ByCroniter(cron)


def remember(days: Mapping[str, Days]) -> None:
    """Use the days that `forecast` has returned, perhaps in an earlier process."""
    if days:
        _remembered.update(days)
        of.cache_clear()


def asked() -> dict[str, Days | None]:
    """Return what is remembered about the fields that were asked for, by their key."""
    return {key: _remembered.get(key) for key in _asked}


def forecast(today: date) -> dict[str, Days]:
    """Return the days, around `today`, of fields that were asked for and lack them, by their key.

    At most MOST_FORECAST; the next tick computes the others.
    """
    soon = today.toordinal() + RENEWED
    lacking = [
        key
        for key, days in asked().items()
        if days is None or not days.first <= soon < days.first + len(days.matches)
    ]
    return {key: _computed(_asked[key], today) for key in lacking[:MOST_FORECAST]}


class ByCroniter:
    """What five fields match, found by croniter alone."""

    def __init__(self, cron: Cron) -> None:
        from croniter import croniter

        # Each call gives a start of its own; without one here, croniter would read the clock.
        self._engine = croniter(cron.expression, start_time=0, day_or=cron.either_day)

    def after(self, wall: datetime) -> datetime:
        """Return the first match strictly after `wall`."""
        return self._engine.get_next(datetime, start_time=_minute(wall))

    def latest(self, wall: datetime) -> datetime:
        """Return the last match at or before `wall`."""
        return self._engine.get_prev(datetime, start_time=_minute(wall) + MINUTE)


class _Daily:
    """Fields that match each day."""

    def __init__(self, minutes: Sequence[int]) -> None:
        self._minutes = minutes

    def after(self, wall: datetime) -> datetime:
        day, place = wall.toordinal(), bisect_right(self._minutes, 60 * wall.hour + wall.minute)
        if place == len(self._minutes) or not self.matches(day):
            day, place = self.next_day(day), 0
        return self._at(day, place)

    def latest(self, wall: datetime) -> datetime | None:
        day, place = wall.toordinal(), bisect_right(self._minutes, 60 * wall.hour + wall.minute)
        if place == 0 or not self.matches(day):
            before = self.day_before(day)
            return self._at(before, -1) if before is not None else None
        return self._at(day, place - 1)

    def _at(self, day: int, place: int) -> datetime:
        hour, minute = divmod(self._minutes[place], 60)
        on = date.fromordinal(day)
        return datetime(on.year, on.month, on.day, hour, minute)  # noqa: DTZ001 - a wall time

    def matches(self, day: int) -> bool:  # noqa: ARG002 - each does
        """Return whether a day matches."""
        return True

    def next_day(self, day: int) -> int:
        """Return the first day after `day` that matches."""
        return day + 1

    def day_before(self, day: int) -> int | None:
        """Return the last day before `day` that matches; None if there is none."""
        return day - 1


class _Recurring(_Daily):
    """Times on the days of a recurrence."""

    def __init__(self, recurrence: Recurrence) -> None:
        from scheduled.timing.recurring_days import RecurringDays

        super().__init__(recurrence.times)
        self._days = RecurringDays(recurrence)

    def matches(self, day: int) -> bool:
        return self._days.matches(day)

    def next_day(self, day: int) -> int:
        following = self._days.after(day)
        assert following is not None, "refused by the parser"
        return following

    def day_before(self, day: int) -> int | None:
        return self._days.before(day)


class _Remembered(_Daily):
    """Fields of which it is known which days match, near today; croniter knows the others."""

    def __init__(self, cron: Cron, days: Days) -> None:
        super().__init__(_times(cron))
        self._cron = cron
        self._days = days

    def after(self, wall: datetime) -> datetime:
        try:
            return super().after(wall)
        except IndexError:
            return _by_croniter(self._cron).after(wall)

    def latest(self, wall: datetime) -> datetime | None:
        try:
            return super().latest(wall)
        except IndexError:
            return _by_croniter(self._cron).latest(wall)

    def matches(self, day: int) -> bool:
        return self._days.matches[self._index(day)] == "1"

    def next_day(self, day: int) -> int:
        return self._day(self._days.matches.find("1", self._index(day) + 1))

    def day_before(self, day: int) -> int:
        return self._day(self._days.matches.rfind("1", 0, self._index(day)))

    def _index(self, day: int) -> int:
        """Raise IndexError for a day that is not remembered."""
        index = day - self._days.first
        if not 0 <= index <= len(self._days.matches):
            raise IndexError
        return index

    def _day(self, index: int) -> int:
        if index < 0:
            raise IndexError
        return self._days.first + index


def _times(cron: Cron) -> list[int]:
    return [60 * hour + minute for hour in cron.hours for minute in cron.minutes]


@lru_cache(maxsize=1024)
def _by_croniter(cron: Cron) -> ByCroniter:
    return ByCroniter(cron)


def _computed(cron: Cron, today: date) -> Days:
    first = max(today.toordinal() - BEHIND, 1)
    size = BEHIND + AHEAD
    engine, matches = _by_croniter(cron), ["0"] * size
    start = date.fromordinal(first)
    wall = datetime(start.year, start.month, start.day) - MINUTE  # noqa: DTZ001 - a wall time
    while (index := (wall := engine.after(wall)).toordinal() - first) < size:
        matches[index] = "1"
        wall = wall.replace(hour=23, minute=59)
    return Days(first, "".join(matches))


def _key(cron: Cron) -> str:
    """Return what decides which days match."""
    days = " ".join(cron.expression.split()[2:])
    return f"{days} either" if cron.either_day else days


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
