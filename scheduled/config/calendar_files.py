"""What a calendar holds: a file of days, an iCalendar file, or the holidays of a country.

What is wrong with it raises InvalidCalendar, with the line where there is one. A calendar counts as
a whole or not at all: with some of its days missing, jobs would run when they must not.
"""

import re
from typing import Any

from scheduled.config.calendar_contract import InvalidCalendar, Span
from scheduled.errors import ScheduleError
from scheduled.system.files import BYTE_ORDER_MARK
from scheduled.system.text import excerpt
from scheduled.timing import day_words
from scheduled.timing.calendars import Calendar
from scheduled.timing.day_words import DaySet

MAX_BYTES = 8 * 1024 * 1024
ICALENDAR = b"BEGIN:VCALENDAR"
_SUFFIXES = (".ics", ".ical", ".icalendar", ".ifb")
Row = list[Any]


def read(path: str, data: bytes, span: Span) -> Calendar:
    """Return the calendar in a file: iCalendar, or days a line. Raise InvalidCalendar."""
    import hashlib

    return _read(path, data, span)._replace(source=hashlib.sha256(data).hexdigest()[:16])


def _read(path: str, data: bytes, span: Span) -> Calendar:
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1024**2:.1f} MB"
        raise InvalidCalendar(f"{size}, more than the {MAX_BYTES // 1024**2} MB it may have")
    data = data.removeprefix(BYTE_ORDER_MARK)
    if not data.strip():
        what = "empty, as after a download that failed"
        raise InvalidCalendar(f"{what}; a calendar without days has a comment at least")
    if data.lstrip()[: len(ICALENDAR)].upper() == ICALENDAR:
        from scheduled.config import icalendar_files

        return icalendar_files.read(data, span)
    if path.lower().endswith(_SUFFIXES):
        begin = excerpt(data[:40].decode("utf-8", "replace"))
        raise InvalidCalendar(f'no iCalendar file: it begins with "{begin}"')
    return Calendar(_lines(data))


def _lines(data: bytes) -> DaySet:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidCalendar("not UTF-8; save the file as UTF-8", line) from None
    found: dict[str, DaySet] = {}
    for number, content in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        word = content.partition("#")[0].strip()
        if not word or word in found:
            continue
        try:
            found[word] = day_words.parse(word)
        except ScheduleError as error:
            raise InvalidCalendar(f"{error}{_hint(word)}", number) from None
    return day_words.union(found.values())


def _hint(line: str) -> str:
    """Return what to write for a line that has a day, and something else."""
    parts = re.fullmatch(r"(\S+?)(\s*[,;]\s*|\s+)(\S.*)", line)
    if parts is None or not _is_day(parts[1]):
        return ""
    day, between, rest = parts.groups()
    last = re.fullmatch(r"(?:-|to|\u2013|\u2026|bis|until)\s*(\S+)", rest)
    if last and _is_day(last[1]):
        return f"; a range is {day}..{last[1]}"
    if "," in between and all(_is_day(each.strip()) for each in rest.split(",")):
        return "; write one a line"
    return f"; a comment begins with #: {day} # {excerpt(rest, 30)}"


def _is_day(word: str) -> bool:
    try:
        day_words.parse(word)
    except ScheduleError:
        return False
    return True


def row(calendar: Calendar) -> Row:
    """Return a calendar as JSON."""
    days, times = calendar.days, [*map(list, calendar.times)]
    ranges = [*map(list, zip(days.firsts, days.lasts, strict=True))]
    return [sorted(days.weekdays), [*map(list, days.yearly)], ranges, times, calendar.source]


def from_row(values: Row) -> Calendar:
    """Return the calendar in a row. A broken row raises any of several errors."""
    weekdays, yearly, ranges, times, source = values
    firsts, lasts = (tuple(int(pair[place]) for pair in ranges) for place in (0, 1))
    pairs = [(int(first), int(last)) for first, last in yearly]
    days = DaySet(frozenset(weekdays), tuple(pairs), firsts, lasts)
    return Calendar(days, tuple((int(start), int(end)) for start, end in times), str(source))
