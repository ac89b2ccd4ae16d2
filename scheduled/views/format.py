"""How instants, durations, counts and sizes are printed for people.

What is read at once, in a terminal, has instants as on a clock: today's without a date, others with
weekday and day, far ones with the year, and none with seconds; the offset stands once, in the
heading, and behind those that have another one. What is kept or sent (messages, what cron mails,
logs, JSON) may be read on any day and anywhere: there they are absolute, with date and offset.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from scheduled.timing import cron_field, distance
from scheduled.timing.slots import COUNT_CAP

NAMED = 5
"""How many names a line lists before it says how many more there are."""
WEEKDAYS = tuple(name[:3] for name in (*cron_field.WEEKDAYS[1:], cron_field.WEEKDAYS[0]))
MONTHS = tuple(name[:3] for name in cron_field.MONTHS)
WITHIN_A_YEAR = timedelta(days=300)
"""So far away a day without its year may be one of this year or of another."""
relative, span = distance.relative, distance.span
_RECORDED = re.compile(r"\b((?:paused|deferred) until )(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")


def absolute(moment: datetime, zone: tzinfo) -> str:
    """`2026-11-21 07:02+01:00`; with seconds where there are any, never with fractions."""
    local = moment.astimezone(zone)
    return local.isoformat(sep=" ", timespec="seconds" if local.second else "minutes")


def to_the_second(moment: datetime, zone: tzinfo) -> str:
    """`2026-11-21 07:02:00+01:00`: for the lines of a log, which stand below each other."""
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def clock(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Return an instant as on a clock: `14:32` of today, else `Sun 22 Nov 02:30`.

    A far one is `2028-02-29 03:00`. One with another offset than `now` has it behind its time, and
    no weekday: `28 Mar 03:00+02:00`.
    """
    local, today = moment.astimezone(zone), now.astimezone(zone)
    time = f"{local:%H:%M}"
    has_other_offset = local.utcoffset() != today.utcoffset()
    if has_other_offset:
        time += offset(local)
    if local.date() == today.date():
        return time
    if abs(moment - now) > WITHIN_A_YEAR:
        return f"{local:%Y-%m-%d} {time}"
    day = f"{local.day} {MONTHS[local.month - 1]}"
    return f"{day} {time}" if has_other_offset else f"{WEEKDAYS[local.weekday()]} {day} {time}"


def local_times(text: str, now: datetime, zone: tzinfo) -> str:
    """Return a reason as recorded with its times as on a clock: `paused until 18:30`."""

    def local(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(f"{found[2]}+00:00")
        return f"{found[1]}{clock(moment, now, zone)}"

    return _RECORDED.sub(local, text)


def clock_and_distance(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`14:32 (3 min ago)`."""
    return f"{clock(moment, now, zone)} ({relative(moment, now)})"


def clock_offset_and_distance(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`14:32 (+01:00, 3 min ago)`: where no heading says the offset."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.utcoffset() != today.utcoffset():  # it stands behind the time
        return clock_and_distance(moment, now, zone)
    return f"{clock(moment, now, zone)} ({offset(local)}, {relative(moment, now)})"


def offset(local: datetime) -> str:
    """`+01:00`, or `UTC`."""
    text = local.isoformat(timespec="minutes")[16:]
    return "UTC" if text == "+00:00" else text


def headed(heading: str, now: datetime, zone: tzinfo) -> str:
    """Return the heading of a column of times, with their offset: `NEXT RUN (+01:00)`."""
    return f"{heading} ({offset(now.astimezone(zone))})"


def taken(seconds: float | None) -> str:
    """Return how long a run took: `0.42 s`, `1 min`; empty where it is not known."""
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds < 60 else span(seconds)


def counted(count: int, noun: str) -> str:
    """`1 time`, `2 times`: nouns that take an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def some(names: Iterable[object]) -> str:
    """Return the first names of many: `a, b, c, d, e and 3 more`."""
    texts = [str(name) for name in names]
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more


def passed(count: int, noun: str = "missed run") -> str:
    """`3 missed runs`; `1000 or more missed runs` where counting ends."""
    return f"{count} or more {noun}s" if count >= COUNT_CAP else counted(count, noun)


def size(number: int) -> str:
    """Return bytes in the largest unit that fits: `312 B`, `4.1 kB`, `1.0 GB`."""
    if number < 1000:
        return f"{number} B"
    scaled = float(number)
    for unit in ("kB", "MB", "GB"):
        scaled /= 1000
        if scaled < 999.95 or unit == "GB":
            break
    return f"{scaled:.1f} {unit}"
