"""Which days a recurrence matches: found a month at a time (pure).

For days that croniter cannot find: those of `month_days`, and those of every second week or third
month, which are counted from a date.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from scheduled.errors import ScheduleError
from scheduled.timing.days_in_month import day_in, weekdays_in
from scheduled.timing.schedule import Recurrence

MONTHS = 12 * 40
"""So far ahead and back a day is looked for; of what is no error, one matches in any five years."""
_FIRST, _CYCLE, _LONGEST = date(2001, 1, 1), 366 * 28, 366 * 5 - 3
"""Days and weekdays recur after 28 years, those of every N months after a little more or less."""


def check_recurs(recurrence: Recurrence) -> None:
    """Refuse a recurrence that does not match at least once in any five years."""
    days, first = RecurringDays(recurrence), recurrence.start or _FIRST
    day = first.toordinal() - 1
    while day < first.toordinal() + _CYCLE:
        following = days.after(day)
        if following is None or following - day > _LONGEST:
            raise ScheduleError("never fires, or not once in five years: there is no such date")
        day = following


def meaning_of(recurrence: Recurrence) -> str:
    """Return what decides about the slots, without spaces at its ends: `30 6 L * * fixed`."""
    minutes = sorted({time % 60 for time in recurrence.times})
    hours = sorted({time // 60 for time in recurrence.times})
    if len(minutes) * len(hours) == len(recurrence.times):
        clock = f"{_listed(minutes, 60)} {_listed(hours, 24)}"
    else:
        clock = ",".join(f"{time // 60:02}:{time % 60:02}" for time in recurrence.times)
    days = ",".join(recurrence.days) or "*"
    weekdays = ",".join(recurrence.weekdays) or "*"
    text = f"{clock} {days} {_listed(recurrence.months, 12)} {weekdays}"
    if recurrence.unit:
        text += f" every {recurrence.every} {recurrence.unit}"
    if recurrence.start is not None:
        text += f" from {recurrence.start}"
    return f"{text} fixed" if recurrence.fixed else text


def _listed(values: Sequence[int], size: int) -> str:
    return "*" if len(values) == size else ",".join(map(str, values))


class RecurringDays:
    """The days of a recurrence, by their ordinals, as `date.toordinal` has them."""

    def __init__(self, recurrence: Recurrence) -> None:
        self._recurrence = recurrence
        start = recurrence.start
        self._start = 1 if start is None else start.toordinal()
        self._start_month = 0 if start is None else _number(start)
        self._known: dict[int, tuple[int, ...]] = {}

    def matches(self, day: int) -> bool:
        """Return whether a day matches."""
        return day in self._of_month(_number(date.fromordinal(day)))

    def after(self, day: int) -> int | None:
        """Return the first day after `day` that matches; None if none does for 40 years."""
        number = max(_number(date.fromordinal(day)), self._start_month)
        for month in range(number, number + MONTHS):
            found = next((each for each in self._of_month(month) if each > day), None)
            if found is not None:
                return found
        return None

    def before(self, day: int) -> int | None:
        """Return the last day before `day` that matches; None if there is none since its start."""
        number = _number(date.fromordinal(day))
        for month in range(number, max(number - MONTHS, self._start_month - 1), -1):
            found = next((each for each in reversed(self._of_month(month)) if each < day), None)
            if found is not None:
                return found
        return None

    def _of_month(self, number: int) -> tuple[int, ...]:
        if number not in self._known:
            self._known[number] = self._found(number)
        return self._known[number]

    def _found(self, number: int) -> tuple[int, ...]:
        year, month = number // 12, number % 12 + 1
        recurrence = self._recurrence
        if month not in recurrence.months:
            return ()
        if recurrence.unit == "month" and (number - self._start_month) % recurrence.every:
            return ()
        if recurrence.unit == "year" and (year - self._start_month // 12) % recurrence.every:
            return ()
        before, last = date(year, month, 1).toordinal() - 1, monthrange(year, month)[1]
        days = sorted(_days(recurrence, (before + 1) % 7, last))
        return tuple(before + day for day in days if self._is_counted(before + day))

    def _is_counted(self, day: int) -> bool:
        """Return whether a day is not before the start, and in a week or on a day that counts."""
        if day < self._start:
            return False
        match self._recurrence.unit:
            case "day":
                return (day - self._start) % self._recurrence.every == 0
            case "week":
                return (_week(day) - _week(self._start)) % self._recurrence.every == 0
            case _:
                return True


def _days(recurrence: Recurrence, first: int, last: int) -> set[int]:
    """Return the days of a month: those that match one of the days or weekdays, else all."""
    days, weekdays = recurrence.days, recurrence.weekdays
    if not days and not weekdays:
        return {*range(1, last + 1)}
    found = {day_in(day, first, last) for day in days} - {0}
    return found.union(*(weekdays_in(day, first, last) for day in weekdays))


def _week(day: int) -> int:
    """Return the number of a week; weeks begin on Monday, as the first day of the year 1 was."""
    return (day - 1) // 7


def _number(day: date) -> int:
    return 12 * day.year + day.month - 1
