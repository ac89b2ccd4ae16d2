"""What people write for a schedule, and what they mean by it.

Five fields mean what they mean to cronie, and may hold an `H`, which is Jenkins'. The rest is a
handful of words; `parse` lists them.
What cannot be meant is refused here, in a sentence that names the value and the forms that
would do, so that `slots` can compute with what is left and ask no more.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from scheduled.errors import ScheduleError, cut
from scheduled.timing import durations
from scheduled.timing import timezones as zones
from scheduled.timing.cron_field import FIELDS, H, suggestion

NICKNAMES = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
}
"""Each is written with its `@` or without."""

LONGEST = timedelta(days=5 * 365)
LONGEST_TEXT = 1000

_FORMS = (
    "five fields (minute hour day-of-month month day-of-week), @daily, hourly, every 90m, 7d,"
    " interval:300 or at:2025-01-15T10:00:00Z"
)


@dataclass(frozen=True)
class Cron:
    """Five fields: the values at which they match, ascending. Never without a date that occurs."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    """0 is Sunday, 6 is Saturday."""
    either_day: bool
    """Whether the day of the month *or* the weekday is enough. Not where one begins with `*`."""
    fixed: bool
    """A time of day: neither minute nor hour begins with `*`. cron shifts it over a DST change."""

    @property
    def expression(self) -> str:
        """The five fields in the plainest syntax there is: stars and lists of numbers."""
        days, weekdays = (31, 7) if not self.either_day else (None, None)
        return " ".join(
            "*" if len(values) == everything else ",".join(map(str, values))
            for values, everything in (
                (self.minutes, 60),
                (self.hours, 24),
                (self.days, days),
                (self.months, 12),
                (self.weekdays, weekdays),
            )
        )


@dataclass(frozen=True)
class Interval:
    """Every so often in elapsed time, counted from an anchor. At least one second."""

    period: timedelta


@dataclass(frozen=True)
class Once:
    """A single moment: aware, or naive on the wall clock of the schedule's zone."""

    moment: datetime


@dataclass(frozen=True)
class Boot:
    """Once each time the machine starts; when that was is for others to find out."""


Form = Cron | Interval | Once | Boot


@dataclass(frozen=True)
class Schedule:
    """What is written and the zone it is meant in, both checked. Equal if these two are."""

    text: str
    """With numbers where an `H` was written, so that those who drew the same are equal."""
    zone: str
    """IANA name."""
    form: Form = field(compare=False, repr=False)

    @property
    def kind(self) -> Literal["cron", "interval", "once", "reboot"]:
        """The form as a word, for people and for JSON."""
        match self.form:
            case Cron():
                return "cron"
            case Interval():
                return "interval"
            case Once():
                return "once"
            case Boot():
                return "reboot"


@lru_cache(maxsize=4096)  # thousands of jobs share a few dozen schedules
def parse(text: str, zone: str, seed: str = "") -> Schedule:
    """The schedule `text` stands for in `zone`. Raises ScheduleError; the text is named in it.

    `seed` is what an `H` is drawn from, the same values each time. Without it, `H` is refused.

    - `*/15 9-17 * * mon-fri`: five fields as cronie reads them
    - `H H(0-5) * * *`: some minute of some hour before six, for each job its own
    - `@daily`, `daily`: the nicknames of cron, with the `@` or without
    - `@reboot`: once after each start of the machine
    - `every 90m`, `every_15m`, `interval:300`, `interval:5m`, `7d`: elapsed time, a duration
    - `at:2025-01-15T10:00:00Z`, `2025-01-15`: once; without `Z` or an offset on the wall clock of
      `zone`, a date alone at its midnight
    """
    zones.require_zone(zone)
    try:
        plain = _plain(text)
        numbers = _drawn(plain, seed) if is_hashed(plain) else ""
        return Schedule(numbers or text, zone, _form(numbers or plain))
    except ScheduleError as error:
        shown = cut(text, 60).encode("unicode_escape").decode()
        raise ScheduleError(f'"{shown}": {error}') from None


def is_hashed(text: str) -> bool:
    """Whether the text has an `H` in it, so that what it means depends on the seed."""
    return "H" in text and H.search(text) is not None and len(text.split()) == len(FIELDS)


def fingerprint(schedule: Schedule) -> str:
    """A readable string that changes with the slots, and not with the spelling.

    The number in front is the version of our reading: it rises when the same text comes to mean
    other slots. What croniter makes of a text plays no part, it is only ever given plain numbers.
    """
    match schedule.form:
        case Cron(fixed=fixed, either_day=either_day) as cron:
            marks = f"{' fixed' if fixed else ''}{' either-day' if either_day else ''}"
            meaning = f"{cron.expression}{marks}"
        case Interval(period):
            meaning = f"interval:{int(period.total_seconds())}"
        case Once(moment):
            meaning = f"at:{moment.isoformat()}"
        case Boot():
            meaning = "reboot"
    return f"1 {meaning} {schedule.zone}"


def _plain(text: str) -> str:
    """The text stripped, its tabs made spaces. Refuses what no schedule can contain."""
    if len(text) > LONGEST_TEXT:
        raise ScheduleError(f"longer than {LONGEST_TEXT} characters")
    plain = text.strip().replace("\t", " ")
    strange = next((one for one in plain if not (one.isascii() and one.isprintable())), None)
    if strange:
        raise ScheduleError(f"contains U+{ord(strange):04X}, which no schedule does")
    if not plain:
        raise ScheduleError(f"empty; write {_FORMS}")
    return plain


def _drawn(plain: str, seed: str) -> str:
    """The fields with the numbers that were drawn in the place of each `H`."""
    if not seed:
        raise ScheduleError(
            "H is drawn for each machine and job, and here is neither;"
            " write numbers, or put the job into the configuration"
        )
    return " ".join(
        ",".join(one.drawn(element, seed) for element in text.split(","))
        for one, text in zip(FIELDS, plain.split(), strict=True)
    )


def _form(plain: str) -> Form:
    for pattern, read in _READERS:
        found = re.fullmatch(pattern, plain, re.IGNORECASE)
        if found:
            return read(found)
    fields = plain.split()
    if len(fields) > 1:
        return _cron(fields)
    words = [*NICKNAMES, "reboot"]
    known = [*(f"@{word}" for word in words), *words]
    raise ScheduleError(f"not a schedule{suggestion(plain, known, _FORMS)}")


def _nickname(found: re.Match[str]) -> Cron:
    return _cron(NICKNAMES[found[1].lower()].split())


def _interval(found: re.Match[str]) -> Interval:
    seconds = durations.parse(found[1])
    if seconds < 1:
        raise ScheduleError("an interval is at least one second")
    if not seconds.is_integer():
        raise ScheduleError("an interval is a whole number of seconds")
    if seconds > LONGEST.total_seconds():
        raise ScheduleError("an interval is at most five years")
    return Interval(timedelta(seconds=seconds))


def _ambiguous(found: re.Match[str]) -> Interval:
    raise ScheduleError(
        f"m is a minute to some and a month to others; write every {found[1]}m, or @monthly"
    )


def _once(found: re.Match[str]) -> Once:
    try:
        moment = datetime.fromisoformat(found[1].upper())
    except ValueError:
        raise ScheduleError(
            f"{found[1]} is not a date and time; write at:2025-01-15T10:00:00Z,"
            " or without the Z for local time"
        ) from None
    if not 1970 <= moment.year < 9000:
        raise ScheduleError(f"year {moment.year} is out of range 1970-8999")
    return Once(moment if moment.tzinfo is None else moment.astimezone(UTC))


_READERS: tuple[tuple[str, Callable[[re.Match[str]], Form]], ...] = (
    (f"@?({'|'.join(NICKNAMES)})", _nickname),
    (r"@?reboot", lambda _: Boot()),
    (rf"interval: ?({durations.PATTERN})", _interval),
    (rf"every[ _]({durations.WITH_UNITS.pattern})", _interval),
    (r"(\d{1,12}) ?m", _ambiguous),
    (f"({durations.WITH_UNITS.pattern})", _interval),
    (r"at: ?(.*)", _once),
    (r"(\d{4}-\d\d-\d\d(?:[T ].*)?)", _once),
)


def _cron(texts: list[str]) -> Cron:
    if len(texts) != len(FIELDS):
        raise ScheduleError(_miscounted(len(texts)))
    minutes, hours, days, months, weekdays = (
        one.values(text) for one, text in zip(FIELDS, texts, strict=True)
    )
    starred = [text.startswith("*") for text in texts]
    cron = Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=tuple(sorted(days)),
        months=tuple(sorted(months)),
        weekdays=tuple(sorted({one % 7 for one in weekdays})),
        # cron's oldest oddity, kept since Vixie: restrict both, and one of them is enough.
        either_day=not starred[2] and not starred[4],
        fixed=not starred[0] and not starred[1],
    )
    if not _comes_round(cron):
        raise ScheduleError("never fires, or not once in five years: no such date comes round")
    return cron


def _miscounted(count: int) -> str:
    if count < len(FIELDS):
        return f"{count} fields; write {_FORMS}"
    more = "a field for seconds" if count == 6 else "fields for seconds and years"
    return (
        f"{count} fields, where cron has five (minute hour day-of-month month day-of-week);"
        f" leave out {more}, as a tick comes once a minute at most"
    )


def _comes_round(cron: Cron) -> bool:
    """Whether no five years pass without a date that fits.

    Weekdays and leap years repeat every 28 years; that there is no 29 February 2100 is let pass.
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
    last = calendar.monthrange(year, month)[1]
    return any(
        date(year, month, day).isoweekday() % 7 in cron.weekdays for day in cron.days if day <= last
    )
