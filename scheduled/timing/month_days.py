"""Days that are counted from the end of a month, or by its weekdays: `L`, `15W`, `MON#1` (pure).

The spelling is that of Quartz with cron's numbers of weekdays, 0 or 7 for Sunday. What a month
lacks does not match in it: a 31st, or a fifth Monday. croniter knows some of these forms, alone and
not in lists, and moves a 31st that does not exist; so all of them are read here, and found by
`recurring_days`.
"""

import re
from collections.abc import Iterable, Iterator

from scheduled.errors import ScheduleError
from scheduled.timing.cron_field import FIELDS, Field
from scheduled.timing.schedule import Recurrence

_DAY, _WEEKDAY = FIELDS[2], FIELDS[4]
_NAMES = "|".join(_WEEKDAY.names)
_FROM_LAST = re.compile(r"l(?:-(\d{1,2}))?(w?)")
_NEAREST = re.compile(r"(?:(\d{1,2})w|w(\d{1,2}))")
_NTH = re.compile(rf"([0-7]|{_NAMES})#([1-5])")
_LAST = re.compile(rf"(?:([0-7]|{_NAMES})l|l([0-7]))")
_DAY_FORMS = "write 15, L, L-3 (three days before the last), LW, 15W, or a list of them"
_WEEKDAY_FORMS = "write MON#1 for the first Monday, MONL for the last one, or a list of them"
_SOME_MONTHS = re.compile(r"(29|3\d)W?|L-(2[89]|30)W?")
"""Days that not each month has."""


def recurrence(texts: list[str]) -> Recurrence:
    """Return what five fields mean of which a day field has an `L`, a `W` or a `#`."""
    minutes, hours, months = (FIELDS[place].values(texts[place]) for place in (0, 1, 3))
    days = () if texts[2] == "*" else _parse_days(texts[2])
    weekdays = () if texts[4] == "*" else _parse_weekdays(texts[4])
    _check_alone(texts)
    made = Recurrence(
        times=tuple(60 * hour + minute for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        weekdays=weekdays,
        months=tuple(sorted(months)),
        fixed=not texts[0].startswith("*") and not texts[1].startswith("*"),
    )
    if len(months) < 12 or not _occur_each_month(days, weekdays):
        from scheduled.timing import recurring_days

        recurring_days.check_recurs(made)
    return made


def in_order(days: Iterable[str]) -> tuple[str, ...]:
    """Return elements of a day field, each once, those that are counted from the end last."""
    return tuple(sorted({*days}, key=_place))


def _parse_days(text: str) -> tuple[str, ...]:
    """Return the elements of a day field, ranges as single days: `1`, `15W`, `L`, `L-3`, `LW`."""
    found = {day for element in text.lower().split(",") for day in _days(element)}
    return in_order(found)


def _parse_weekdays(text: str) -> tuple[str, ...]:
    """Return the elements of a weekday field, with numbers for names: `1`, `1#2`, `5L`."""
    found = {day for element in text.lower().split(",") for day in _weekdays(element)}
    return tuple(sorted(found))


def _check_alone(fields: list[str]) -> None:
    """Refuse five fields of which both day fields are restricted: it could be either, or both."""
    minute, hour, days, month, weekdays = fields
    if days == "*" or weekdays == "*":
        return
    by_day = f"{minute} {hour} {days} {month} *"
    by_weekday = f"{minute} {hour} * {month} {weekdays}"
    both = f'"{by_weekday}" and only_on: with these days of the month'
    if not _counts(weekdays):
        both = f'"{by_day}" and only_on: [{_as_list(weekdays)}]'
    raise ScheduleError(
        f"day-of-month {days} and day-of-week {weekdays}: with L, W or #, only one of them can be"
        f" given; for the days that match both, write {both}; for those that match either, write"
        f' two jobs, "{by_day}" and "{by_weekday}"'
    )


def _occur_each_month(days: tuple[str, ...], weekdays: tuple[str, ...]) -> bool:
    """Return whether each month has at least one of these days."""
    return any(not _SOME_MONTHS.fullmatch(day) for day in days) or any(
        not day.endswith("#5") for day in weekdays
    )


def _days(element: str) -> Iterator[str]:
    if not _has_letters(element):
        yield from map(str, _DAY.values(element))
    elif match := _FROM_LAST.fullmatch(element):
        if int(match[1] or 0) > 30:
            raise ScheduleError(f"{_DAY.name} {element.upper()} is out of range L-0 to L-30")
        yield (
            f"L-{int(match[1])}{match[2].upper()}" if int(match[1] or 0) else f"L{match[2].upper()}"
        )
    elif match := _NEAREST.fullmatch(element):
        yield f"{_number(_DAY, match[1] or match[2])}W"
    else:
        raise _refusal(_DAY, element, _DAY_FORMS)


def _weekdays(element: str) -> Iterator[str]:
    if not _counts(element):
        yield from (str(day % 7) for day in _WEEKDAY.values(element))
    elif match := _NTH.fullmatch(element):
        yield f"{_number(_WEEKDAY, match[1])}#{match[2]}"
    elif match := _LAST.fullmatch(element):
        yield f"{_number(_WEEKDAY, match[1] or match[2])}L"
    else:
        raise _refusal(_WEEKDAY, element, _instead(element) or _WEEKDAY_FORMS)


def _instead(element: str) -> str:
    """Return what to write for a weekday as other schedulers have it, or ''."""
    if element == "l":
        return "write SAT for each Saturday, or FRIL for the last Friday"
    if last := re.fullmatch(rf"l({_NAMES})|([0-7]|{_NAMES})#(?:l|-1)", element):
        return f"write {(last[1] or last[2]).upper()}L"
    if span := re.fullmatch(r"(.+-.+?)(#[1-5]|l)", element):
        days = sorted({day % 7 for day in _WEEKDAY.values(span[1])})
        return (
            f"write a list, {','.join(f'{_WEEKDAY.names[day]}{span[2]}' for day in days).upper()}"
        )
    if re.fullmatch(rf"(?:[0-7]|{_NAMES})#\d+", element):
        return "a month has at most five of a weekday; write MON#1 to MON#5, or MONL for the last"
    return ""


def _refusal(field: Field, element: str, forms: str) -> ScheduleError:
    return ScheduleError(f'{field.name} "{element.upper()}" is not understood; {forms}')


def _number(field: Field, text: str) -> int:
    """Return the number of a day or weekday; Sunday is 0."""
    (number,) = field.values(text)
    return number % 7 if field is _WEEKDAY else number


def _has_letters(text: str) -> bool:
    return not {"l", "w", "L", "W"}.isdisjoint(text)


def _counts(text: str) -> bool:
    return "#" in text or "l" in text.lower()


def _place(day: str) -> tuple[bool, int, str]:
    """Order days as they stand in a month, those that are counted from its end last."""
    number = int("".join(re.findall(r"\d+", day)) or 0)
    return day[0] == "L", -number if day[0] == "L" else number, day


def _as_list(weekdays: str) -> str:
    """Return weekdays as names, which calendars know."""
    numbers = sorted(int(day) for day in _parse_weekdays(weekdays))
    return ", ".join(_WEEKDAY.names[number] for number in numbers)
