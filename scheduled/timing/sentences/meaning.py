"""What the parts of a schedule in words mean together: five fields, or a recurrence (pure).

Where a part is missing without which the sentence has no meaning, or could have two, it is refused
with the sentence that has one.
"""

from datetime import date

from scheduled.errors import ScheduleError
from scheduled.timing import month_days
from scheduled.timing.cron_field import FIELDS
from scheduled.timing.schedule import Recurrence
from scheduled.timing.sentences.parts import Parts, Unit
from scheduled.timing.sentences.words import DAY_PARTS, clock

_ALL_MONTHS = tuple(range(1, 13))
_LONGEST = {"day": 5 * 365, "week": 5 * 52, "month": 5 * 12, "year": 5}
"""So many of each are five years."""
_BEGINNING = date(2026, 1, 1)
"""A proposed date is the first from here on that matches."""


def of(parts: Parts, text: str) -> str | Recurrence | None:
    """Return what the parts of the sentence `text` mean; None if it is a mere period."""
    if _is_period(parts):
        return None
    if parts.ambiguous and not (parts.of or parts.unit or parts.months):
        raise ScheduleError(_two_meanings(parts, text))
    _normalize_dates(parts)
    _normalize_units(parts)
    times, fixed = _times(parts)
    _check_days(parts, text)
    _check_start(parts, text)
    is_counted = parts.every > 1 and parts.unit in _LONGEST
    recurrence = Recurrence(
        times=times,
        days=month_days.in_order(parts.days),
        weekdays=tuple(sorted({*parts.weekdays})),
        months=tuple(sorted({*parts.months})) or _ALL_MONTHS,
        fixed=fixed,
        every=parts.every if is_counted else 1,
        unit=_unit(parts) if is_counted else "",
        start=parts.start,
    )
    if fields := _fields(recurrence):
        return fields
    if parts.days or len(recurrence.months) < 12 or any("#" in day for day in parts.weekdays):
        from scheduled.timing import recurring_days

        recurring_days.check_recurs(recurrence)
    return recurrence


def _unit(parts: Parts) -> Unit:
    units: tuple[Unit, ...] = ("day", "week", "month", "year")
    return next((unit for unit in units if unit == parts.unit), "")


def _is_period(parts: Parts) -> bool:
    """Return whether nothing but a period is said, which is elapsed time: `every 2 days`."""
    if parts.minutes or parts.count > 2 or (parts.count == 2 and parts.unit != "day"):
        return False
    if parts.span is not None and not parts.unit:
        return False
    has_days = parts.days or parts.weekdays or parts.months or parts.dates or parts.of
    has_times = parts.times or parts.span or parts.start
    if has_days or (has_times and parts.unit):
        return False
    return bool(has_times) or (parts.every, parts.unit) != (1, "day") or parts.count == 2


def _two_meanings(parts: Parts, text: str) -> str:
    number = parts.weekdays[0].partition("#")[2]
    plain = parts.ambiguous
    name = plain.split()[-1]
    return (
        f'"every {plain}" could be one a month, or one in {number} weeks; write'
        f' "{text.replace(plain, f"{plain} of the month")}" or'
        f' "{text.replace(f"every {plain}", f"every {number} weeks on {name}")} from {_BEGINNING}"'
    )


def _normalize_dates(parts: Parts) -> None:
    """Make days and months of days in months, which have to be all days in all months."""
    if not parts.dates:
        return
    months = list(dict.fromkeys(month for month, _ in parts.dates))
    days = list(dict.fromkeys(day for _, day in parts.dates))
    if {*parts.dates} != {(month, day) for month in months for day in days}:
        raise ScheduleError(
            "several days in several months: not each of them in each; write a job for each month"
        )
    if wrong := next((day for day in days if not 1 <= day <= 31), None):
        raise ScheduleError(f"no month has a day {wrong}")
    parts.months += months
    parts.days += [str(day) for day in days]
    if parts.unit == "year" and parts.every == 1:
        parts.unit = ""


def _normalize_units(parts: Parts) -> None:
    """Say quarters and years as months, and `of the month` as `every month`."""
    unit = parts.unit or ("month" if parts.of in ("quarter", "year") else "")
    scope = parts.of if parts.of in ("quarter", "year") else unit
    if scope in ("quarter", "year") and not parts.months and parts.every == 1:
        parts.months = _months_of(parts, scope)
    if unit == "quarter":
        parts.every *= 3 if parts.every > 1 else 1
    if unit == "quarter" or (unit == "year" and parts.every == 1):
        unit = "month"
    if not unit and (parts.of == "month" or parts.months):
        unit = "month"
    if unit == "year" and not parts.months and parts.start is not None:
        parts.months = [parts.start.month]
    if unit == "day" and parts.every == 1 and (parts.days or parts.weekdays):
        unit = ""
    parts.unit = unit


def _months_of(parts: Parts, scope: str) -> list[int]:
    """Return the first or the last months of quarters or years, as the days say."""
    from_end = {day.startswith("L") for day in parts.days}
    from_end |= {day.endswith("L") for day in parts.weekdays}
    if scope == "year" and (parts.of != "year" or not from_end):
        raise ScheduleError('which day of the year? write one like "every year on jan 1 at 8:00"')
    if len(from_end) > 1:
        raise ScheduleError(
            f"the first and the last of a {scope} are in two months; write two jobs"
        )
    if scope == "quarter":
        return [3, 6, 9, 12] if True in from_end else [1, 4, 7, 10]
    return [12] if True in from_end else [1]


def _times(parts: Parts) -> tuple[tuple[int, ...], bool]:
    """Return the times of day, and whether they are fixed: no `every 15 minutes`."""
    if parts.minutes:
        return _minutes(parts), False
    if parts.unit not in ("minute", "hour"):
        if parts.span is not None:
            raise ScheduleError(
                "between two times, but how often? write one like"
                ' "every 15 minutes between 9:00 and 17:00 on weekdays"'
            )
        _check_count(parts)
        if parts.day_part:
            _check_day_part(parts)
        return tuple(sorted({*parts.times})) or (0,), True
    if parts.times:
        raise ScheduleError(
            f"every {parts.unit} and at {clock(parts.times[0])}? write one like"
            ' "every day at 8:00" or "every 2 hours between 8:00 and 18:00"'
        )
    step = parts.every * (60 if parts.unit == "hour" else 1)
    first, last = parts.span or (0, 24 * 60 - 1)
    if first > last:
        raise ScheduleError(
            f"{clock(first)} to {clock(last)} includes midnight; write two jobs, one up to 23:59"
        )
    if step > 24 * 60:
        raise ScheduleError("a period within a day is at most 24 hours")
    return tuple(range(first, last + 1, step)), False


def _minutes(parts: Parts) -> tuple[int, ...]:
    """Return the times of `every hour at :15 and :45`."""
    if parts.unit != "hour" or parts.times:
        minutes = " and ".join(f":{minute:02}" for minute in sorted({*parts.minutes}))
        raise ScheduleError(f'{minutes} of which hours? write one like "every hour at {minutes}"')
    first, last = parts.span or (0, 24 * 60 - 1)
    hours = range(first // 60, last // 60 + 1, parts.every)
    found = (60 * hour + minute for hour in hours for minute in {*parts.minutes})
    times = tuple(sorted(time for time in found if first <= time <= last))
    if not times:
        raise ScheduleError(f"none of its times is between {clock(first)} and {clock(last)}")
    return times


def _check_count(parts: Parts) -> None:
    """Refuse `twice a day` and `3 times a week` where not as many times or days are said."""
    if parts.count < 2:
        return
    if parts.unit == "day" and len({*parts.times}) != parts.count:
        what = {2: "two", 3: "three"}.get(parts.count, str(parts.count))
        raise ScheduleError(f'at which {what} times? write one like "every day at 8:00 and 20:00"')
    if parts.unit != "day" and len({*parts.weekdays, *parts.days}) != parts.count:
        days = "mon and thu" if parts.unit == "week" else "month on the 1st and 15th"
        raise ScheduleError(f'on which days? write one like "every {days} at 8:00"')


def _check_day_part(parts: Parts) -> None:
    """Refuse times that are not in the morning, or in which one of two nights."""
    if not parts.times:
        raise ScheduleError(f'when in the {parts.day_part}? write one like "every day at 8:00"')
    usual = DAY_PARTS[parts.day_part]
    strange = next((time for time in parts.times if time not in usual), None)
    if strange is not None:
        other = (strange + 12 * 60) % (24 * 60)
        advice = f'"every day at {clock(other)}"' if _is_daily(parts) else clock(other)
        write = f"; write {advice}" if other in usual else ""
        raise ScheduleError(f"{clock(strange)} is not in the {parts.day_part}{write}")
    early = next((time for time in parts.times if time < 6 * 60), None)
    if parts.day_part == "night" and early is not None and not _is_daily(parts):
        raise ScheduleError(
            f"{clock(early)} in the night before or after that day? leave out `night`; a day"
            " begins at 0:00"
        )


def _is_daily(parts: Parts) -> bool:
    return not (parts.days or parts.weekdays or parts.months)


def _check_days(parts: Parts, text: str) -> None:
    """Refuse days that do not go together, and periods without days."""
    plain = [day for day in parts.weekdays if len(day) == 1]
    nth = len(parts.weekdays) > len(plain)
    if parts.unit == "week" and (parts.days or nth):
        raise ScheduleError("a week has weekdays only; leave out `week`, or the days of the month")
    if parts.unit == "day" and parts.every > 1 and (parts.days or parts.weekdays):
        raise ScheduleError("every so many days, and certain days? leave one of them out")
    if plain and parts.days:
        names = ", ".join(FIELDS[4].names[int(day)] for day in sorted({*plain}))
        raise ScheduleError(
            "days of the month and weekdays: for those that match both, write the days of the"
            f" month here and only_on: [{names}]; for those that match either, write two jobs"
        )
    is_plain_month = parts.unit in ("month", "year") and not parts.months
    if plain and is_plain_month:
        name = FIELDS[4].names[int(plain[0])]
        raise ScheduleError(
            f'each {name} of a month, or one? write "every {name}", or "every month on the first'
            f' {name}"'
        )
    has_days = parts.days or parts.weekdays
    if parts.unit == "week" and not has_days and parts.start is None:
        raise ScheduleError(f'on which day of the week? write "{_with(text, "on mon")}"')
    if parts.unit in ("month", "year") and not has_days and parts.start is None:
        raise ScheduleError(f'on which day of the month? write "{_with(text, "on the 1st")}"')


def _check_start(parts: Parts, text: str) -> None:
    """Refuse what is counted from no date, and take days that are not said from the date."""
    if parts.unit in ("minute", "hour", ""):
        return
    if parts.every > _LONGEST[parts.unit]:
        raise ScheduleError("a period is at most five years")
    if parts.every > 1 and parts.start is None:
        raise ScheduleError(
            f"from which date are the {parts.unit}s counted? write"
            f' "{text} from {_first_date(parts)}", with the date of a run'
        )
    if parts.start is not None and not (parts.days or parts.weekdays):
        if parts.unit == "week":
            parts.weekdays = [str(parts.start.isoweekday() % 7)]
        elif parts.unit in ("month", "year"):
            parts.days = [str(parts.start.day)]


def _first_date(parts: Parts) -> date:
    """Return the first day from the beginning on that a sentence without a date could mean."""
    from scheduled.timing.recurring_days import RecurringDays

    days = Recurrence(
        times=(0,),
        days=tuple(parts.days),
        weekdays=tuple(parts.weekdays),
        months=tuple(parts.months) or _ALL_MONTHS,
        fixed=True,
    )
    day = RecurringDays(days).after(_BEGINNING.toordinal() - 1)
    return date.fromordinal(day) if day is not None else _BEGINNING


def _with(text: str, days: str) -> str:
    """Return the sentence with its days before its times."""
    before, at, after = text.partition(" at ")
    return f"{before} {days}{at}{after}"


def _fields(recurrence: Recurrence) -> str:
    """Return the five fields that say the same, or ''."""
    minutes = sorted({time % 60 for time in recurrence.times})
    hours = sorted({time // 60 for time in recurrence.times})
    is_plain = all(day.isdigit() for day in (*recurrence.days, *recurrence.weekdays))
    if (
        not (recurrence.fixed and is_plain and recurrence.start is None and not recurrence.unit)
        or len(minutes) * len(hours) != len(recurrence.times)
        or (recurrence.days and recurrence.weekdays)
    ):
        return ""
    months = "*" if recurrence.months == _ALL_MONTHS else _listed(recurrence.months)
    days, weekdays = ",".join(recurrence.days) or "*", ",".join(recurrence.weekdays) or "*"
    return f"{_listed(minutes)} {_listed(hours)} {days} {months} {weekdays}"


def _listed(values: list[int] | tuple[int, ...]) -> str:
    return ",".join(map(str, values))
