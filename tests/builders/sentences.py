"""When schedules in words run."""

from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from scheduled.timing import expression, slots

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 30, tzinfo=ZoneInfo(ZONE))  # a Monday, at midnight


def next_five(text: str) -> list[datetime]:
    """Return the next five runs from `NOW` on, on the wall clock."""
    schedule = expression.parse(text, ZONE)
    upcoming = slots.between(schedule, NOW - timedelta(seconds=1), slots.LAST, NOW)
    return [slot.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) for slot in islice(upcoming, 5)]


def dates(written: str) -> list[datetime]:
    """Return what is written as a time of day and dates, or as dates with times."""
    first, *others = written.split()
    if "T" not in first:
        return [datetime.fromisoformat(f"20{day}T{first}") for day in others]
    return [datetime.fromisoformat(f"20{moment}") for moment in (first, *others)]
