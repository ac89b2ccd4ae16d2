"""Schedules as the five fields of a crontab, with a test for days that cron cannot count (pure).

`0 6 L * *` is `0 6 28-31 * *` for cron, and its command begins with a question about tomorrow. The
test is one of GNU date, and leaves the shell that cron has started.
"""

from scheduled.quick_classes import NamedTuple
from scheduled.timing.forms import is_fields
from scheduled.timing.schedule import Cron, Recurrence, Schedule


class Fields(NamedTuple):
    """What a crontab has for a schedule."""

    text: str
    test: str = ""
    """Commands before that of the job; they end the run on any other day."""


def of(schedule: Schedule) -> Fields | str:
    """Return the fields of a schedule on the clock, or the reason why cron has none for it."""
    text = schedule.text.strip()
    match schedule.form:
        case Cron() as cron:
            is_plain = is_fields(text) or " " not in text
            return Fields(_nickname(text) if is_plain else cron.expression)
        case Recurrence(unit="", start=None) as recurrence:
            return _counted(text, recurrence)
        case _:
            return "cron cannot count days, weeks or months from a date"


def _nickname(text: str) -> str:
    return text if " " in text or text.startswith("@") else f"@{text}"


def _counted(text: str, recurrence: Recurrence) -> Fields | str:
    elements = (*recurrence.days, *recurrence.weekdays)
    if len(elements) != 1:
        return "cron needs a line for each of its days" if elements else _TIMES
    minutes = sorted({time % 60 for time in recurrence.times})
    hours = sorted({time // 60 for time in recurrence.times})
    if is_fields(text):
        minute, hour, _, month, _ = text.split()
    elif recurrence.fixed and len(minutes) * len(hours) == len(recurrence.times):
        minute, hour = (",".join(map(str, values)) for values in (minutes, hours))
        is_each_month = len(recurrence.months) == 12
        month = "*" if is_each_month else ",".join(map(str, recurrence.months))
    else:
        return _TIMES
    found = _test(elements[0])
    if found is None:
        return f"cron cannot find the day {elements[0]}"
    days, test = found
    return Fields(f"{minute} {hour} {days} {month} *", f"{test} || exit 0; ")


_TIMES = "its times of day need several lines of a crontab"


def _test(element: str) -> tuple[str, str] | None:
    """Return a day field and a test for a counted day; None for the nearest weekday."""
    if element.endswith("W"):
        return None
    if element.startswith("L"):
        before = int(element[2:] or 0)
        if before > 27:
            return None  # so many days ahead may be a month further
        days = "28-31" if not before else "*"
        return days, f"""[ "$(date -d '12:00 {before + 1} days' +%d)" = 01 ]"""
    is_weekday = f'[ "$(date +%w)" = {element[0]} ]'
    if element.endswith("L"):
        return "22-31", f"""{is_weekday} && [ "$(date -d '12:00 7 days' +%d)" -le 07 ]"""
    if "#" in element:
        last = 7 * int(element[2])
        return f"{last - 6}-{min(last, 31)}", is_weekday
    return None
