"""The forms of a schedule: what a text means that has no `H`, apart from its zone (pure).

What is wrong or never fires is refused, with a message that names the accepted forms.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from scheduled.errors import ScheduleError
from scheduled.timing import durations
from scheduled.timing.cron_field import FIELDS, suggestion
from scheduled.timing.schedule import Boot, Cron, Form, Interval, Once, Recurrence

NICKNAMES = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
}
"""Each may be written with or without its `@`."""

SHORTEST = 60
"""Seconds of an interval."""
LONGEST = timedelta(days=5 * 365)
LONGEST_TEXT = 1000

_SPECIAL, _COUNTED = frozenset("lLwW"), frozenset("lL#")
"""Letters and signs of day fields that `month_days` reads."""

FORMS = (
    "five fields (minute hour day-of-month month day-of-week), @daily, hourly, every 90m, 7d,"
    " interval:300 or at:2025-01-15T10:00:00Z"
)


def is_schedule(plain: str) -> bool:
    """Return whether a stripped text is a schedule, apart from an `H`."""
    return not problem(plain)


def problem(plain: str) -> str:
    """Return why a stripped text is no schedule, apart from an `H`; '' if it is one."""
    try:
        form(plain)
    except ScheduleError as error:
        return str(error)
    return ""


def is_fields(text: str) -> bool:
    """Return whether a text is five fields that can fire, without an `H`."""
    try:
        _cron(text.split())
    except ScheduleError:
        return False
    return True


def form(plain: str) -> Form:
    """Return what a stripped text means. Raise ScheduleError."""
    fields = plain.split()
    if len(fields) == len(FIELDS):  # first, as compiling the patterns takes milliseconds
        try:
            return _cron(fields)
        except ScheduleError:
            if (meaning := _sentence(plain)) is not None:
                return meaning
            raise
    for pattern, parse_form in _PARSERS:
        match = re.fullmatch(pattern, plain, re.IGNORECASE)
        if match:
            return parse_form(match)
    if (meaning := _sentence(plain)) is not None:
        return meaning
    if len(fields) > 1:
        return _cron(fields)
    words = [*NICKNAMES, "reboot"]
    names = [*(f"@{word}" for word in words), *words]
    raise ScheduleError(f"not a schedule{suggestion(plain, names, FORMS)}")


def _sentence(plain: str) -> Form | None:
    """Return what a schedule in words means; None if it is none."""
    from scheduled.timing.sentences import grammar

    meaning = grammar.parse(plain)
    return _cron(meaning.split()) if isinstance(meaning, str) else meaning


def _nickname(match: re.Match[str]) -> Form:
    return _cron(NICKNAMES[match[1].lower()].split())


def _interval(match: re.Match[str]) -> Interval:
    seconds = durations.parse(match[1])
    if seconds < SHORTEST:
        raise ScheduleError(
            "an interval is at least a minute: scheduled is called once a minute at most;"
            " write every 1m"
        )
    if not seconds.is_integer():
        raise ScheduleError("an interval is a whole number of seconds")
    if seconds > LONGEST.total_seconds():
        raise ScheduleError("an interval is at most five years")
    return Interval(timedelta(seconds=seconds))


def _ambiguous(match: re.Match[str]) -> Interval:
    raise ScheduleError(f"m could be minutes or months; write every {match[1]}m, or @monthly")


def _once(match: re.Match[str]) -> Once:
    try:
        moment = datetime.fromisoformat(match[1].upper())
    except ValueError:
        raise ScheduleError(
            f"{match[1]} is not a valid date and time; write at:2025-01-15T10:00:00Z,"
            " or without the Z for local time"
        ) from None
    if not 1970 <= moment.year < 9000:
        raise ScheduleError(f"year {moment.year} is out of range 1970-8999")
    return Once(moment if moment.tzinfo is None else moment.astimezone(UTC))


_PARSERS: tuple[tuple[str, Callable[[re.Match[str]], Form]], ...] = (
    (f"@?({'|'.join(NICKNAMES)})", _nickname),
    (r"@?reboot", lambda _: Boot()),
    (rf"interval: ?({durations.PATTERN})", _interval),
    (rf"every[ _]({durations.WITH_UNITS})", _interval),
    (r"(\d{1,12}) ?m", _ambiguous),
    (f"({durations.WITH_UNITS})", _interval),
    (r"at: ?(.*)", _once),
    (r"(\d{4}-\d\d-\d\d(?:[T ].*)?)", _once),
)


def _cron(texts: list[str]) -> Cron | Recurrence:
    if len(texts) != len(FIELDS):
        raise ScheduleError(_miscounted(len(texts)))
    if not _SPECIAL.isdisjoint(texts[2]) or not _COUNTED.isdisjoint(texts[4]):
        from scheduled.timing import month_days

        return month_days.recurrence(texts)
    minutes, hours, days, months, weekdays = (
        cron_field.values(text) for cron_field, text in zip(FIELDS, texts, strict=True)
    )
    starred = [text.startswith("*") for text in texts]
    cron = Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=tuple(sorted(days)),
        months=tuple(sorted(months)),
        weekdays=tuple(sorted({weekday % 7 for weekday in weekdays})),
        # As in Vixie cron: where both are restricted, a match of either is enough.
        either_day=not starred[2] and not starred[4],
        fixed=not starred[0] and not starred[1],
    )
    if not _recurs(cron):
        raise ScheduleError("never fires, or not once in five years: there is no such date")
    return cron


def _miscounted(count: int) -> str:
    if count < len(FIELDS):
        return f"{count} fields; write {FORMS}"
    extra = "the field for seconds" if count == 6 else "the fields for seconds and years"
    return (
        f"{count} fields, where cron has five (minute hour day-of-month month day-of-week);"
        f" leave out {extra}: scheduled is called once a minute at most"
    )


def _recurs(cron: Cron) -> bool:
    """Return whether a date matches at least once in any five years.

    Weekdays and leap years repeat every 28 years. That 2100 is not a leap year is ignored.
    """
    if cron.either_day:
        return True  # every month has every weekday
    years = [
        year
        for year in range(2001, 2029)
        if any(_occurs(cron, year, month) for month in cron.months)
    ]
    return bool(years) and all(b - a <= 5 for a, b in pairwise([*years, years[0] + 28]))


def _occurs(cron: Cron, year: int, month: int) -> bool:
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return any(
        date(year, month, day).isoweekday() % 7 in cron.weekdays for day in cron.days if day <= last
    )
