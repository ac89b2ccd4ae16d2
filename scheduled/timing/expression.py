"""The text of a schedule, parsed (pure).

Five fields are read as cronie reads them, and may hold the `H` of Jenkins; `parse` lists the other
forms. Expressions that are wrong or never fire are refused here, with a message that names the
value and the accepted forms.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from scheduled.errors import ScheduleError, cut
from scheduled.timing import durations
from scheduled.timing import timezones as zones
from scheduled.timing.cron_field import FIELDS, H, suggestion
from scheduled.timing.schedule import Boot, Cron, Form, Interval, Once, Recurrence, Schedule

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


@lru_cache(maxsize=4096)  # thousands of jobs share a few dozen schedules
def parse(text: str, zone: str, seed: str = "") -> Schedule:
    """Return the schedule that `text` means in `zone`. Raise ScheduleError, which names the text.

    The value of an `H` depends on `seed` and is the same each time; without a seed, `H` is refused.

    - `*/15 9-17 * * mon-fri`: five fields as cronie reads them
    - `H H(0-5) * * *`: a minute of an hour before six, different for each job
    - `@daily`, `daily`: the nicknames of cron, with or without the `@`
    - `@reboot`: once after each start of the machine
    - `0 6 L * *`, `0 6 * * MON#1`: days of `month_days`, in one of the two day fields
    - `every weekday at 8:00`, `every 2 weeks on mon at 9:00 from 2026-11-30`: in words
    - `every 90m`, `every_15m`, `interval:300`, `interval:5m`, `7d`: elapsed time, a duration
    - `at:2025-01-15T10:00:00Z`, `2025-01-15`: once; without `Z` or an offset on the wall clock of
      `zone`, a date alone at its midnight
    """
    zones.require_zone(zone)
    try:
        plain = _plain(text)
        numbers = _resolve_hashes(plain, seed) if is_hashed(plain) else ""
        return Schedule(numbers or text, zone, _form(numbers or plain))
    except ScheduleError as error:
        from scheduled.timing import proposals

        shown = cut(text, 60).encode("unicode_escape").decode()
        raise ScheduleError(f'"{shown}": {proposals.instead(text, str(error)) or error}') from None


def is_schedule(plain: str) -> bool:
    """Return whether a stripped text is a schedule, apart from an `H`."""
    return not problem(plain)


def problem(plain: str) -> str:
    """Return why a stripped text is no schedule, apart from an `H`; '' if it is one."""
    try:
        _form(plain)
    except ScheduleError as error:
        return str(error)
    return ""


def is_hashed(text: str) -> bool:
    """Return whether the text has an `H`, so that its meaning depends on the seed."""
    return "H" in text and re.search(H, text) is not None and len(text.split()) == len(FIELDS)


def is_fields(text: str) -> bool:
    """Return whether a text is five fields that can fire, without an `H`."""
    try:
        _cron(text.split())
    except ScheduleError:
        return False
    return True


def _plain(text: str) -> str:
    """Return the text stripped, with spaces for tabs. Refuse what no schedule can contain."""
    if len(text) > LONGEST_TEXT:
        raise ScheduleError(f"longer than {LONGEST_TEXT} characters")
    plain = text.strip().replace("\t", " ")
    strange = next((char for char in plain if not (char.isascii() and char.isprintable())), None)
    if strange:
        raise ScheduleError(f"contains U+{ord(strange):04X}; only printable ASCII is allowed")
    if not plain:
        raise ScheduleError(f"empty; write {FORMS}")
    return plain


def _resolve_hashes(plain: str, seed: str) -> str:
    """Return the fields with a number in the place of each `H`."""
    if not seed:
        raise ScheduleError(
            "H is a number derived from machine and job, and there is no job here;"
            " write numbers, or put the job into the configuration"
        )
    return " ".join(
        ",".join(cron_field.resolve_hash(element, seed) for element in text.split(","))
        for cron_field, text in zip(FIELDS, plain.split(), strict=True)
    )


def _form(plain: str) -> Form:
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
