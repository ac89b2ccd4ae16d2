"""Sets of days as people write them: `sat`, `weekends`, `12-25`, `2027-01-20..2027-01-24` (pure).

A date with a year is that day, one without a year is that day of each year. Both ends of a range
belong to it; a range without years may cross New Year.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import date

from scheduled.errors import ScheduleError, cut
from scheduled.quick_classes import NamedTuple
from scheduled.timing import cron_field

WEEKDAYS = tuple(map(str.lower, (*cron_field.WEEKDAYS[1:], cron_field.WEEKDAYS[0])))
FORMS = (
    "a weekday (sun, mon-fri, weekdays, weekends), a date (2027-01-01, or 12-25 for each year) or"
    " a range (2027-01-20..2027-01-24)"
)
_GROUPS = {"weekdays": frozenset(range(5)), "weekends": frozenset((5, 6))}
_SHORT = "|".join(name[:3] for name in WEEKDAYS)
_LONG = "|".join(WEEKDAYS)
_DATE = r"(?:(?a:(\d{4}))-)?(?a:(\d\d)-(\d\d))"
FIRST_YEAR, LAST_YEAR = 1970, 8999


class DaySet(NamedTuple):
    """A set of days, each as `date.toordinal` has it."""

    weekdays: frozenset[int] = frozenset()
    """0 is Monday, 6 is Sunday."""
    yearly: tuple[tuple[int, int], ...] = ()
    """Ranges of days of each year, as `100 * month + day`; the first may be after the last."""
    firsts: tuple[int, ...] = ()
    """The first days of ranges that do not touch each other, ascending, ..."""
    lasts: tuple[int, ...] = ()
    """... and the last days."""

    def has(self, day: int) -> bool:
        """Return whether a day is in the set."""
        if self.weekdays and (day - 1) % 7 in self.weekdays:
            return True
        if self.firsts:
            place = bisect_right(self.firsts, day) - 1
            if place >= 0 and day <= self.lasts[place]:
                return True
        return bool(self.yearly) and _is_yearly(self.yearly, day)


def of_ranges(ranges: Iterable[tuple[int, int]]) -> DaySet:
    """Return the days in ranges, each with its first and last day, in any order."""
    merged: list[list[int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return DaySet(
        firsts=tuple(first for first, _ in merged), lasts=tuple(last for _, last in merged)
    )


def union(sets: Iterable[DaySet]) -> DaySet:
    """Return the days that are in any of the sets."""
    weekdays: frozenset[int] = frozenset()
    yearly: dict[tuple[int, int], None] = {}
    ranges: list[tuple[int, int]] = []
    for each in sets:
        weekdays |= each.weekdays
        yearly.update(dict.fromkeys(each.yearly))
        ranges += zip(each.firsts, each.lasts, strict=True)
    return of_ranges(ranges)._replace(weekdays=weekdays, yearly=tuple(yearly))


def is_day(word: str) -> bool:
    """Return whether a word stands for days by itself, or is meant to: no name looks like that."""
    lower = word.strip().lower()
    return lower[:1].isdigit() or _weekdays(lower) is not None


def parse(word: str) -> DaySet:
    """Return the days that a word stands for. Raise ScheduleError."""
    text = word.strip()
    weekdays = _weekdays(text.lower())
    if weekdays is not None:
        return DaySet(weekdays=weekdays)
    match = re.fullmatch(rf"{_DATE}(?: ?\.\. ?{_DATE})?", text)
    if match is None:
        raise ScheduleError(f'"{_shown(text)}" is no day; write {FORMS}')
    year, month, day, last_year, last_month, last_day = match.groups()
    start = _date(year, month, day)
    end = _date(last_year, last_month, last_day) if last_month else start
    if last_month and bool(year) != bool(last_year):
        raise ScheduleError(f'"{text}": write both dates with a year, or both without')
    if not year:
        return DaySet(yearly=((_of_year(start), _of_year(end)),))
    if end < start:
        raise ScheduleError(f'"{text}" ends before it begins')
    return of_ranges([(start.toordinal(), end.toordinal())])


def _weekdays(text: str) -> frozenset[int] | None:
    """Return the weekdays of `sun`, `Monday`, `mon-fri` or `weekends`; None for other words."""
    if text in _GROUPS:
        return _GROUPS[text]
    match = re.fullmatch(rf"({_LONG}|{_SHORT})(?: ?- ?({_LONG}|{_SHORT}))?", text)
    if match is None:
        return None
    first, last = (_number(match[1]), _number(match[2] or match[1]))
    return frozenset((first + count) % 7 for count in range((last - first) % 7 + 1))


def _number(name: str) -> int:
    return next(number for number, long in enumerate(WEEKDAYS) if long.startswith(name[:3]))


def _date(year: str | None, month: str, day: str) -> date:
    text = f"{year}-{month}-{day}" if year else f"{month}-{day}"
    try:
        found = date(int(year or 2000), int(month), int(day))  # 2000: 02-29 is a day of each year
    except ValueError:
        raise ScheduleError(f'"{text}" is not a valid date') from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ScheduleError(f'"{text}": the year must be from {FIRST_YEAR} to {LAST_YEAR}')
    return found


def _of_year(day: date) -> int:
    return 100 * day.month + day.day


def _is_yearly(yearly: Iterable[tuple[int, int]], day: int) -> bool:
    number = _of_year(date.fromordinal(day))
    return any(
        first <= number <= last if first <= last else number >= first or number <= last
        for first, last in yearly
    )


def _shown(text: str) -> str:
    return cut(text, 60).encode("unicode_escape").decode()


def name_of(day: int) -> str:
    """Return a day as `2026-12-25`."""
    return date.fromordinal(day).isoformat()
