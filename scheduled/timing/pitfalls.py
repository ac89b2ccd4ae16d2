"""What a valid schedule says that its author may not mean (pure).

Each warning names what happens, and what to write if that is not wanted: two day fields of which
either is enough, steps that begin anew before they are over, days that some months lack.
"""

from collections.abc import Callable, Iterator

from scheduled.timing.cron_field import FIELDS, MONTHS, WEEKDAYS, Field
from scheduled.timing.days_in_month import day_in
from scheduled.timing.forms import NICKNAMES, is_fields
from scheduled.timing.schedule import Cron, Recurrence, Schedule

_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SIZES = (60, 24, 31, 12, 7)
_STARTS = ("with each hour", "at midnight", "on the 1st of each month", "in January", "on Sunday")
_CALLED = ("minute", "hour", "day", "month", "weekday")


def warnings(schedule: Schedule) -> Iterator[str]:
    """Yield what may not be meant; the zone does not matter."""
    fields = schedule.text.split()
    text = schedule.text.strip()
    if text.lower().removeprefix("@") in NICKNAMES or not isinstance(
        schedule.form, Cron | Recurrence
    ):
        return
    if is_fields(text):
        yield from _either_day(fields, schedule.form)
        for place, (field, written) in enumerate(zip(FIELDS, fields, strict=True)):
            for element in written.split(","):
                yield from _step(place, field, element, fields)
    elif isinstance(schedule.form, Recurrence):
        yield from _uneven_times(schedule.form)
    yield from _missing_days(fields, schedule.form)


def _either_day(fields: list[str], form: Cron | Recurrence) -> Iterator[str]:
    """Yield a warning for a day of the month *or* a weekday."""
    if not isinstance(form, Cron) or not form.either_day:
        return
    minute, hour, days, month, weekdays = fields
    by_day, by_weekday = (
        f"{minute} {hour} {days} {month} *",
        f"{minute} {hour} * {month} {weekdays}",
    )
    names = [FIELDS[4].names[day] for day in form.weekdays]
    nth = _nth(form.days)
    if len(form.days) == 31 or len(form.weekdays) == 7:
        yield (
            f"{days} and {weekdays}: it runs each day, as either the day of the month or the"
            f' weekday is enough; write "{by_weekday if len(form.days) == 31 else by_day}"'
        )
        return
    if nth:
        counted = ",".join(f"{name.upper()}{nth}" for name in names)
        both = f'"{minute} {hour} * {month} {counted}"'
    else:
        both = f'"{by_day}" and only_on: [{", ".join(names)}]'
    yield (
        f"{days} and {weekdays}: it runs when either the day of the month or the weekday matches;"
        f' if both have to, write {both}; if either is meant, two jobs, "{by_day}" and'
        f' "{by_weekday}", say so'
    )


def _nth(days: tuple[int, ...]) -> str:
    """Return which seven days of a month these are: `#2` for 8 to 14; '' if they are none such."""
    if days == tuple(range(25, 32)):
        return "L"
    number = (days[0] + 6) // 7
    return f"#{number}" if days == tuple(range(7 * number - 6, 7 * number + 1)) else ""


def _step(place: int, field: Field, element: str, fields: list[str]) -> Iterator[str]:
    """Yield a warning for a step that is longer than its field, or does not divide it."""
    span, _, written = element.partition("/")
    if not written.isdigit():
        return
    step, values = int(written), field.values(element)
    if place == 4:
        values = {day % 7 for day in values}
    first, last = _value(place, min(values)), _value(place, max(values))
    is_whole = len(field.values(span)) >= _SIZES[place]
    is_even = place != 2 and min(values) + _SIZES[place] - max(values) == step
    name = f"{element} in the {_CALLED[place]} field"
    if len(values) == 1:
        yield f"{name} matches {first} only{_period(place, step, fields)}"
    elif is_whole and step > 1 and not is_even:
        yield (
            f"{name} begins anew {_STARTS[place]}, so the last interval is shorter: after {last}"
            f" comes {first}{_period(place, step, fields)}"
        )


def _uneven_times(form: Recurrence) -> Iterator[str]:
    """Yield a warning for a period within days that does not divide a day."""
    if form.fixed or len(form.times) < 2:
        return
    step, rest = form.times[1] - form.times[0], 24 * 60 + form.times[0] - form.times[-1]
    if rest < step:
        yield (
            f"every {step} minutes begins anew at midnight, so the last interval is shorter:"
            f" {rest} minutes; for a period, write every {step}m"
        )


def _period(place: int, step: int, fields: list[str]) -> str:
    """Return what to write for a period that does not begin anew; '' if there is nothing."""
    if place < 2:
        return f"; for a period, write every {step}{'mh'[place]}"
    if place == 4 or step > (5 * 365, 5 * 12)[place - 2]:
        return ""
    minute, hour = fields[:2]
    clock = f"{hour}:{int(minute):02}" if hour.isdigit() and minute.isdigit() else "6:00"
    what = f"every {step} days" if place == 2 else f"every {step} months on the 1st"
    return f'; for a period, write "{what} at {clock} from 2026-12-01", with a date to count from'


def _value(place: int, value: int) -> str:
    return str(value) if place < 3 else (MONTHS, WEEKDAYS)[place - 3][value - FIELDS[place].low]


def _missing_days(fields: list[str], form: Cron | Recurrence) -> Iterator[str]:
    """Yield a warning for days that not each of the months has."""
    if isinstance(form, Cron):
        days: tuple[str, ...] = tuple(map(str, form.days))
        written = {*fields[2].split(",")} if len(fields) == 5 else {*days}
        if form.either_day or len(days) == 31:
            return
    else:
        days, written = form.days, {*form.days}
    for day in days:
        lacking = [month for month in form.months if not _is_in(day, month)]
        if lacking and (day in written or not any(map(_has_other(days), lacking))):
            verb = "have" if len(lacking) > 1 else "has"
            yield f"{_said(day)}: {_listed(lacking)} {verb} none{_last(day, fields)}"
    leap = {"29", "29W"} & {*days} if 2 in form.months else set()
    if leap and (leap & written or not any(_is_in(day, 2, 28) for day in days)):
        yield f"day 29: February has none but in leap years{_last('29', fields)}"
    for day in form.weekdays if isinstance(form, Recurrence) else ():
        if day.endswith("#5"):
            name = FIELDS[4].names[int(day[0])].upper()
            yield f"{name}#5: most months have no fifth; for the last one, write {name}L"


def _has_other(days: tuple[str, ...]) -> Callable[[int], bool]:
    """Return the question whether a month has any of these days."""
    return lambda month: any(_is_in(day, month) for day in days)


def _is_in(day: str, month: int, length: int = 0) -> bool:
    """Return whether a month has a day, in leap years at least."""
    return day_in(day, first=1, last=length or _LENGTHS[month - 1]) > 0


def _said(day: str) -> str:
    return day if not day.isdigit() else f"day {day}"


def _last(day: str, fields: list[str]) -> str:
    """Return what to write for the last day, in fields or in words."""
    if day.startswith("L"):
        return ""
    last = "LW" if day.endswith("W") else "L"
    if not is_fields(" ".join(fields)):
        last = '"the last weekday"' if day.endswith("W") else '"the last day"'
    return f"; for the last of the month, write {last}"


def _listed(months: list[int]) -> str:
    names = [MONTHS[month - 1] for month in months]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
