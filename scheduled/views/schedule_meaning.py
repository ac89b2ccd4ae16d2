"""What a schedule means, in a sentence: `at 06:00 on the last Friday of each month`.

Each form has one, also fields that nobody would say in words, and it leaves nothing out. `parse`
understands many of these sentences, but they are made to be read.
"""

from collections.abc import Sequence
from itertools import pairwise

from scheduled.quick_classes import NamedTuple
from scheduled.timing.cron_field import MONTHS, WEEKDAYS
from scheduled.timing.forms import NICKNAMES, is_fields
from scheduled.timing.schedule import Boot, Cron, Interval, Once, Recurrence, Schedule
from scheduled.timing.sentences.words import clock
from scheduled.views.wording import listed

_NTH = ("last", "first", "second", "third", "fourth", "fifth")
_MOST_TIMES = 6
"""More times of day than these are said as `every 15 minutes from 09:00 to 17:00`, if they can."""


class _Days(NamedTuple):
    """Days that match, in the spelling of `month_days`; empty: all."""

    days: Sequence[str]
    weekdays: Sequence[str]
    months: Sequence[int]
    has_both: bool = False
    """Whether both have to match: one of the fields begins with a star."""


def meaning(schedule: Schedule) -> str:
    """Return what a schedule means, without its zone."""
    match schedule.form:
        case Cron() as cron:
            return _joined(_of_cron_times(cron), _on(_of_cron(cron)))
        case Recurrence() as recurrence:
            return _recurrence(recurrence)
        case Interval(period):
            return f"every {_length(int(period.total_seconds()))}, from when the job is first seen"
        case Once(moment):
            zone = "" if moment.tzinfo is None else " UTC"
            seconds = f":{moment:%S}" if moment.second else ""
            return f"once, on {moment:%Y-%m-%d} at {moment:%H:%M}{seconds}{zone}"
        case Boot():
            return "once after each start of the machine"


def is_in_words(schedule: Schedule) -> bool:
    """Return whether a schedule is neither five fields nor a nickname, but a sentence."""
    plain = schedule.text.strip().lower()
    is_on_the_clock = isinstance(schedule.form, Cron | Recurrence)
    return is_on_the_clock and plain.removeprefix("@") not in NICKNAMES and not is_fields(plain)


def _recurrence(recurrence: Recurrence) -> str:
    times = _at(recurrence.times)
    days = _Days(recurrence.days, recurrence.weekdays, recurrence.months)
    since = f"from {recurrence.start}" if recurrence.start is not None else ""
    if not recurrence.unit:
        text = _joined(times, _on(days))
        return f"{text}, {since}" if since else text
    is_every_month = len(recurrence.months) == 12
    text = f"{times}{_on_counted(days)}" if is_every_month else _joined(times, _on(days))
    return f"{text}, every {recurrence.every} {recurrence.unit}s {since}"


def _joined(times: str, days: str) -> str:
    if not days:
        is_of_hours = times.endswith("of every hour") or not times.startswith("at ")
        return times if is_of_hours else f"{times} every day"
    if days.startswith("every ") and not times.startswith("at "):
        return f"{times}, {days}"
    return f"{times}{'' if days.startswith(',') else ' '}{days}"


# Times


def _of_cron_times(cron: Cron) -> str:
    return _at([60 * hour + minute for hour in cron.hours for minute in cron.minutes])


def _at(times: Sequence[int]) -> str:
    """Return the times of a day: `at 06:00 and 18:00`, `every 15 minutes from 09:00 to 17:00`."""
    minutes = sorted({time % 60 for time in times})
    hours = sorted({time // 60 for time in times})
    is_product = len(minutes) * len(hours) == len(times)
    if is_product and len(hours) == 24:
        return _each_hour(minutes)
    step = _step(times)
    is_all_day = bool(step) and times[0] < step and times[-1] + step == 24 * 60 + times[0]
    if is_all_day and len(times) > 2:
        return f"{_every(step)}{f' from {clock(times[0])}' if times[0] else ''}"
    if step and len(times) > (_MOST_TIMES if step >= 60 else 2):
        return f"{_every(step)} from {clock(times[0])} to {clock(times[-1])}"
    if is_product and len(times) > _MOST_TIMES:
        of = f"of the hours {_ranges(hours)}" if len(hours) > 1 else f"of the hour {hours[0]}"
        return f"{_minutes(minutes)} {of}"
    return f"at {listed([clock(time) for time in times])}"


def _each_hour(minutes: list[int]) -> str:
    step = _step(minutes)
    if len(minutes) == 60:
        return "every minute"
    if step and minutes[0] == 0 and minutes[-1] + step == 60:
        return _every(step)
    return "every hour" if minutes == [0] else f"{_minutes(minutes)} of every hour"


def _minutes(minutes: list[int]) -> str:
    if len(minutes) == 60:
        return "at every minute"
    return f"at minute{'s' if len(minutes) > 1 else ''} {_ranges(minutes)}"


def _step(values: Sequence[int]) -> int:
    """Return the distance from each value to the next; 0 if it is not always the same."""
    steps = {later - earlier for earlier, later in pairwise(values)}
    return steps.pop() if len(steps) == 1 else 0


def _every(minutes: int) -> str:
    """Return a period within a day: `every hour`, `every 15 minutes`."""
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


# Days


def _of_cron(cron: Cron) -> _Days:
    days = () if len(cron.days) == 31 else cron.days
    weekdays = () if len(cron.weekdays) == 7 else cron.weekdays
    if cron.either_day and not (days and weekdays):
        days = weekdays = ()
    has_both = bool(days and weekdays) and not cron.either_day
    return _Days([*map(str, days)], [*map(str, weekdays)], cron.months, has_both)


def _on(days: _Days) -> str:
    """Return on which days: `on the last day of each month`, `every Monday in June`."""
    is_all_year = len(days.months) == 12
    months = listed([MONTHS[month - 1] for month in days.months])
    plain = [day for day in days.weekdays if len(day) == 1]
    of_month = [*_days_of_month(days.days), *_nth_weekdays(days.weekdays)]
    if days.has_both:
        names = listed([WEEKDAYS[int(day)] for day in plain], "or")
        scope = "each month" if is_all_year else months
        return f"on {listed(of_month)} of {scope} if that is a {names}"
    parts = []
    if of_month:
        parts.append(f"on {listed(of_month)} of {'each month' if is_all_year else months}")
    if plain:
        weekly = _weekly(plain)
        parts.append(weekly if is_all_year else f"{weekly} in {months}")
    if not parts and not is_all_year:
        return f"every day in {months}"
    return ", and ".join(part.removeprefix(", ") if parts[0] != part else part for part in parts)


def _on_counted(days: _Days) -> str:
    """Return the days within every so many weeks or months: ` on Monday and Thursday`."""
    plain = [WEEKDAYS[int(day)] for day in _from_monday(days.weekdays) if len(day) == 1]
    found = [*_days_of_month(days.days), *_nth_weekdays(days.weekdays), *plain]
    return f" on {listed(found)}" if found else ""


def _weekly(weekdays: Sequence[str]) -> str:
    """Return `every Monday and Thursday`, or `, Monday to Friday` for three and more in a row."""
    numbers = [(int(day) - 1) % 7 for day in _from_monday(weekdays)]
    names = [WEEKDAYS[(number + 1) % 7] for number in numbers]
    if len(names) > 2 and _step(numbers) == 1:
        return f", {names[0]} to {names[-1]}"
    return f"every {listed(names)}"


def _from_monday(weekdays: Sequence[str]) -> list[str]:
    return sorted(weekdays, key=lambda day: (int(day[0]) - 1) % 7)


def _days_of_month(days: Sequence[str]) -> list[str]:
    """Return days as they are said: `the 1st`, `the 1st to the 7th`, `the last day`."""
    numbers = [int(day) for day in days if day.isdigit()]
    if len(numbers) > 4 and (step := _step(numbers)) > 1:
        ends = f"from the {_ordinal(numbers[0])} to the {_ordinal(numbers[-1])}"
        return [f"every {_ordinal(step)} day {ends}", *_specials(days)]
    return [*_runs(numbers), *_specials(days)]


def _specials(days: Sequence[str]) -> list[str]:
    return [_special(day) for day in days if not day.isdigit()]


def _runs(numbers: Sequence[int]) -> list[str]:
    return [
        f"the {_ordinal(first)}{'' if first == last else f' to the {_ordinal(last)}'}"
        for first, last in _spans(numbers)
    ]


def _special(day: str) -> str:
    if day in ("1W", "LW"):
        return f"the {'first' if day == '1W' else 'last'} weekday (Monday to Friday)"
    plain = day.removesuffix("W")
    if plain == "L":
        said = "the last day"
    elif plain == "L-1":
        said = "the day before the last"
    elif plain.startswith("L"):
        said = f"the {_ordinal(int(plain[2:]))} day before the last"
    else:
        said = f"the {_ordinal(int(plain))}"
    return said if plain == day else f"the weekday (Monday to Friday) nearest {said}"


def _nth_weekdays(weekdays: Sequence[str]) -> list[str]:
    counted = [day for day in _from_monday(weekdays) if len(day) > 1]
    return [f"the {_NTH[int(day[2:] or 0)]} {WEEKDAYS[int(day[0])]}" for day in counted]


# Numbers


def _ranges(values: Sequence[int]) -> str:
    """Return numbers with `to` for three and more in a row: `0, 15 and 30`, `9 to 12 and 14`."""
    spans = _spans(values)
    return listed([str(first) if first == last else f"{first} to {last}" for first, last in spans])


def _spans(values: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last of each three or more in a row, and each other by itself."""
    spans: list[tuple[int, int]] = []
    for value in values:
        if spans and value == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], value)
        else:
            spans.append((value, value))
    return [
        span
        for first, last in spans
        for span in ([(first, last)] if last != first + 1 else [(first, first), (last, last)])
    ]


def _ordinal(number: int) -> str:
    """Return `1st`, `22nd`, `13th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number in (11, 12, 13) else ending}"


def _length(seconds: int) -> str:
    """Return a period in one unit if it is a whole number of it: `90 minutes`, `2 weeks`."""
    for size, unit in ((604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return f"{seconds} seconds"
