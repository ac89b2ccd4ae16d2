"""The short label of a cron expression: `Daily at 09:00`.

For the telemetry that others read, whose words do not change, and beside a schedule that is shown.
What has no short label is its fields. `schedule_meaning` has a whole sentence for each form.
"""

from scheduled.timing.cron_field import FIELDS, MONTHS, WEEKDAYS
from scheduled.timing.forms import NICKNAMES
from scheduled.timing.schedule import Schedule
from scheduled.views.schedule_meaning import is_in_words, meaning
from scheduled.views.wording import listed


def label(schedule: Schedule) -> str:
    """Return what the fields of a cron schedule say; themselves, if that is no short sentence."""
    if is_in_words(schedule):
        text = meaning(schedule)
        return text[0].upper() + text[1:]
    plain = " ".join(schedule.text.split()).lower()
    text = NICKNAMES.get(plain.removeprefix("@"), plain)
    minute, hour, *days = text.split()
    when, on = _time(minute, hour), _days(*days)
    if not when or on is None:
        return f"Cron expression {text}"
    if when.startswith("at "):
        sentence = f"{on or 'daily'} {when}"
    else:
        sentence = f"{when}, {on.removeprefix('weekly ')}" if on else when
    return sentence[0].upper() + sentence[1:]


def _time(minute: str, hour: str) -> str:
    every = "every minute" if minute == "*" else _every(minute, "minute", 60)
    if hour == "*":
        if every:
            return every
        return _hourly(minute, "hourly") if minute.isdigit() else ""
    if not minute.isdigit():
        return ""
    if hours := _every(hour, "hour", 24):
        return _hourly(minute, hours)
    parts = hour.split(",")
    if not all(part.isdigit() for part in parts):
        return ""
    return f"at {listed([f'{int(part):02}:{int(minute):02}' for part in parts])}"


def _every(field: str, unit: str, whole: int) -> str:
    """Return `every 5 minutes` for a step that divides the whole, so that it is true."""
    star, _, step = field.partition("/")
    if star != "*" or not step.isdigit() or whole % int(step):
        return ""
    return f"every {int(step)} {unit}s" if int(step) > 1 else f"every {unit}"


def _hourly(minute: str, often: str) -> str:
    return often if int(minute) == 0 else f"{often} at minute {int(minute)}"


def _days(day: str, month: str, weekday: str) -> str | None:
    """Return the days, '' for each day; None if that is no short sentence."""
    if (day, month, weekday) == ("*", "*", "*"):
        return ""
    if day == month == "*":
        return _of_week(weekday)
    if weekday != "*" or not day.isdigit():
        return None
    if month == "*":
        return f"monthly on day {int(day)}"
    number = _value(3, month)
    return None if number is None else f"yearly on {MONTHS[number - 1]} {int(day)}"


def _of_week(weekday: str) -> str | None:
    first, ranged, last = weekday.partition("-")
    if ranged:
        ends = [_value(4, first), _value(4, last)]
        return (
            None
            if None in ends
            else " to ".join(WEEKDAYS[end % 7] for end in ends if end is not None)
        )
    days = [_value(4, part) for part in weekday.split(",")]
    if None in days:
        return None
    names = [WEEKDAYS[day % 7] for day in days if day is not None]
    return f"weekly on {names[0]}" if len(names) == 1 else f"on {listed(names)}"


def _value(field: int, text: str) -> int | None:
    """Return the number that a single value of a field stands for."""
    names = FIELDS[field].names
    if text in names:
        return FIELDS[field].low + names.index(text)
    return int(text) if text.isdigit() else None
