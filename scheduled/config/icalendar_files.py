"""iCalendar files: the days of their events, repeated ones among them.

An event of whole days is these days; its end is no part of it. One with times is each day that it
touches in the zone of the job that asks. Cancelled events do not count. The packages `icalendar`
and `recurring-ical-events` do the reading and repeating.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scheduled.config.calendar_contract import InvalidCalendar, Span
from scheduled.system.cpu_limit import CpuLimitError, cpu_limit
from scheduled.system.text import excerpt
from scheduled.timing.calendars import Calendar
from scheduled.timing.day_words import of_ranges

if TYPE_CHECKING:
    from types import ModuleType

NEEDS = (
    "iCalendar files need the packages icalendar and recurring-ical-events; type:"
    " pip install 'scheduled-cron[calendars]'"
)
MOST = 200_000
"""So many events may be in a file, repeated ones counted each time since they began."""
LONGEST = 30.0
"""Seconds of processor time that a file may take."""
_TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_FEW = 24
Stretch = tuple[date | datetime, date | datetime]


def read(data: bytes, span: Span) -> Calendar:
    """Return the days of the events in a file. Raise InvalidCalendar."""
    icalendar, recurring = _packages()
    if not re.search(rb"(?mi)^END:VCALENDAR\s*\Z", data):
        raise InvalidCalendar("cut off: its last line is not END:VCALENDAR")
    try:
        text = data.decode()
        _refuse_unclosed(text)
        _check_rules(text)  # before the package works out what time zones repeat
        with cpu_limit(LONGEST):
            found = icalendar.Calendar.from_ical(text, multiple=True)
            stretches = [stretch for each in found for stretch in _stretches(each, recurring, span)]
    except InvalidCalendar:
        raise
    except CpuLimitError:
        what = f"its repeated events are not worked out within {LONGEST:g} s"
        advice = "leave out those that never happen, or let them begin later"
        raise InvalidCalendar(f"{what}; {advice}", is_costly=True) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidCalendar("not UTF-8; save the file as UTF-8", line) from None
    except Exception as error:  # noqa: BLE001 - of packages that read what others wrote
        raise InvalidCalendar(f"not understood: {_said(error)}") from None
    return _calendar(stretches)


def _packages() -> "tuple[ModuleType, ModuleType]":
    try:
        import icalendar
        import recurring_ical_events
    except ImportError:
        raise InvalidCalendar(NEEDS) from None
    return icalendar, recurring_ical_events


def _said(error: Exception) -> str:
    """Return what a package says of a file; what it says of its own objects helps nobody."""
    if not isinstance(error, ValueError):
        return "an event in it"
    return excerpt(" ".join(str(error).split()) or type(error).__name__, 120)


def _stretches(calendar: Any, recurring: "ModuleType", span: Span) -> Iterator[Stretch]:
    """Yield start and end of each event in these years."""
    events = calendar.walk("VEVENT")
    for event in events:
        _check(event)
    if sum(_repetitions(event, span) for event in events) > MOST:
        raise InvalidCalendar(f"more than {MOST} events, each time they repeat counted")
    query = recurring.of(calendar, components=["VEVENT"])
    for event in query.between(span.start, span.end):
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield event.start, event.end


def _check(event: Any) -> None:
    """Raise InvalidCalendar for an event of which something was not understood."""
    name = excerpt(str(event.get("SUMMARY") or event.get("UID") or "an event"), 60)
    for key, problem in event.errors:
        if str(key).upper() in _OF_TIME:
            raise InvalidCalendar(f'event "{name}": {key}: {excerpt(str(problem), 120)}')
    if "DTSTART" not in event:
        raise InvalidCalendar(f'event "{name}": it has no DTSTART')
    start, end = event["DTSTART"].dt, getattr(event.get("DTEND"), "dt", None)
    length = getattr(event.get("DURATION"), "dt", timedelta())
    if _is_before(end, start) or length < timedelta():
        raise InvalidCalendar(f'event "{name}": it ends before it begins')
    for key in ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"):
        for value in _list(event.get(key)):
            zone = getattr(value, "params", {}).get("TZID")
            if zone and any(map(_is_without_zone, _moments(value))):
                what = f"the time zone {excerpt(str(zone), 60)} is not known"
                raise InvalidCalendar(f'event "{name}": {key}: {what}')


def _is_before(end: Any, start: Any) -> bool:
    """Return whether an event ends before it begins, as far as both are of one kind."""
    try:
        return type(start) is type(end) and bool(end < start)
    except TypeError:  # one has a zone, the other is the same on each wall clock
        return False


def _moments(value: Any) -> Iterator[Any]:
    """Yield the dates and times of a property, both ends of a period among them."""
    for each in getattr(value, "dts", [value]):
        moment = getattr(each, "dt", None)
        yield from moment if isinstance(moment, tuple) else [moment]


def _is_without_zone(moment: Any) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is None


_OF_TIME = (
    *("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE"),
    *("RECURRENCE-ID", "STATUS"),
)


def _refuse_unclosed(text: str) -> None:
    """Raise InvalidCalendar where an event begins and does not end: the package would drop it."""
    begun, ended = (len(re.findall(rf"(?im)^{word}:", text)) for word in ("BEGIN", "END"))
    if begun != ended:
        raise InvalidCalendar(f"damaged: BEGIN stands there {begun} times, END {ended} times")


def _check_rules(text: str) -> None:
    """Raise InvalidCalendar for rules that are passed over, or take for ever to work out."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    if re.search(r"(?im)^EXRULE\b", unfolded):
        raise InvalidCalendar("EXRULE is not understood; list the exceptions as EXDATE")
    for rule in re.findall(r"(?im)^RRULE\b[^:\n]*:(.*)$", unfolded):
        parts = dict(part.partition("=")[::2] for part in rule.strip().upper().split(";"))
        for key in ("INTERVAL", "COUNT"):
            if not re.fullmatch(r"\+?0*[1-9]\d*", parts.get(key, "1")):
                raise InvalidCalendar(f"RRULE {excerpt(rule.strip(), 60)}: {key} is not 1 or more")
        if "FREQ" not in parts:
            raise InvalidCalendar(f'RRULE "{excerpt(rule.strip(), 60)}": FREQ is missing')
        times = 1
        for key in _WITHIN_A_DAY:
            times *= len(parts.get(key, "").split(","))
        if parts.get("FREQ") in _TOO_OFTEN or times > _FEW:
            what = "an event that repeats within a day is no matter of days"
            raise InvalidCalendar(f"RRULE {excerpt(rule.strip(), 60)}: {what}")


def _repetitions(event: Any, span: Span) -> int:
    """Return about how often an event repeats until the end of these years."""
    rules = event.get("RRULE")
    if rules is None:
        return 1
    years = max(span.last + 1 - event["DTSTART"].dt.year, 1)
    found = 0
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str(next(iter(_list(rule.get("FREQ"))), "")).upper()
        times = _A_YEAR.get(frequency, 366)
        for key in (*_WITHIN_A_DAY, "BYMONTH", "BYDAY", "BYMONTHDAY"):
            times *= max(len(_list(rule.get(key))), 1)
        found += years * min(times, 366 * _FEW)
    return found


_A_YEAR = {"YEARLY": 1, "MONTHLY": 12, "WEEKLY": 53}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _calendar(stretches: list[Stretch]) -> Calendar:
    ranges, times = [], set()
    for start, end in stretches:
        if not isinstance(start, datetime):
            last = end - timedelta(days=1) if end > start else start
            ranges.append((start.toordinal(), last.toordinal()))
        elif start.tzinfo is None:  # the same on each wall clock
            last = end - timedelta(microseconds=1) if end > start else start
            ranges.append((start.toordinal(), last.toordinal()))
        else:
            times.add((_seconds(start), _seconds(end)))
    return Calendar(of_ranges(ranges), tuple(sorted(times)))


def _seconds(moment: Any) -> int:
    return int(moment.astimezone(UTC).timestamp())
