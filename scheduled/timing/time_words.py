"""Times and durations as people type them: `2h`, `8pm`, `tomorrow 8:00`, `last fri`, a date (pure).

The one grammar for options. It also reads every form in which this program prints a time. A time
without an offset is what the clock of a zone shows; as in schedules, one that a clock change skips
is the end of the gap, and one that comes twice its first pass. What may mean two things is refused:
`time_proposals` says what to write instead.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from scheduled.errors import cut
from scheduled.quick_classes import NamedTuple
from scheduled.timing import cron_field, durations, meant
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.timezones import earliest_instant, zone_info

BACK, AHEAD = -1, 1
"""Which way an option looks: `2h` is two hours ago, or two hours from now."""
WEEKDAYS = {
    **dict.fromkeys(("mon", "monday"), 0),
    **dict.fromkeys(("tue", "tues", "tuesday"), 1),
    **dict.fromkeys(("wed", "weds", "wednesday"), 2),
    **dict.fromkeys(("thu", "thur", "thurs", "thursday"), 3),
    **dict.fromkeys(("fri", "friday"), 4),
    **dict.fromkeys(("sat", "saturday"), 5),
    **dict.fromkeys(("sun", "sunday"), 6),
}
MONTHS = {
    **{name[:3].lower(): number for number, name in enumerate(cron_field.MONTHS, 1)},
    "sept": 9,
    **{name.lower(): number for number, name in enumerate(cron_field.MONTHS, 1)},
}
DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
LONGEST_TEXT = 100
On = Callable[[date], datetime]
"""Returns when the time that was typed is on a day."""

_DAY = timedelta(days=1)
_WEEKDAY, _MONTH = "|".join(WEEKDAYS), "|".join(MONTHS)
_TIME = (
    r"(?P<time>noon|midnight|(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
    r"|(?:1[0-2]|0?[1-9])(?::[0-5][0-9])? ?[ap]\.?m\.?)"
    r"(?P<offset> ?(?:z|utc|[+-][0-9]{2}:?[0-9]{2})(?![0-9a-z]))?"
)
_DATE = (
    rf"(?:(?P<named>{_WEEKDAY}),? )?"
    r"(?:(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    rf"|(?:(?P<day>[0-9]{{1,2}}) (?P<month>{_MONTH})|(?P<month2>{_MONTH}) (?P<day2>[0-9]{{1,2}}))"
    r"(?:,? (?P<year>[0-9]{4}))?)"
)
_ON = (
    rf"(?:on )?(?:(?P<word>{'|'.join(DAYS)})"
    rf"|(?P<which>next |last )?(?P<weekday>{_WEEKDAY})|{_DATE})"
)
_ON_A_DAY = rf"{_ON}(?:,? (?:at )?{_TIME})?"
_AT_A_TIME = rf"(?:at )?{_TIME}(?:,? {_ON})?"
_EPOCH = r"@([0-9]{1,11}(?:\.[0-9]{1,6})?)|([0-9]{10})"
_RELATIVE = r"(?P<sign>\+|-|in )? ?(?P<length>[^+-].*?)(?P<tail> ago| from now)?"


class UnreadableTimeError(ValueError):
    """A text that names no time, or may name several; its message, if any, says why not."""


class Reference(NamedTuple):
    """What words are relative to."""

    now: datetime
    zone: str
    """By name, as `timezones` has it."""
    direction: int
    """BACK or AHEAD."""
    origin: datetime
    """What durations, times of day and weekdays count from, if it is not `now`."""

    @property
    def today(self) -> date:
        """The date in the zone now."""
        return self.now.astimezone(zone_info(self.zone)).date()

    def nearest(self, instants: Iterable[datetime]) -> datetime:
        """Return the last instant up to the origin, or the first one after it."""
        if self.direction == BACK:
            return max(instant for instant in instants if instant <= self.origin)
        return min(instant for instant in instants if instant > self.origin)


def instant(
    text: str, now: datetime, zone: str, direction: int, origin: datetime | None = None
) -> datetime:
    """Return the instant that `text` names, in UTC.

    A duration without `in` or `ago`, a time of day and a weekday are the nearest in `direction`
    from `origin`, by default from `now`; looking back, now itself is one. Other words count from
    `now`. A day without a time is its beginning. Raises UnreadableTimeError.
    """
    found = read(plain(text), Reference(now, zone, direction, origin or now))
    if found is None:
        raise UnreadableTimeError
    return found


def duration(text: str) -> timedelta:
    """Return the duration that `text` names: `1h30m`, `2 days`, `an hour`, seconds; 0 or more.

    Raises UnreadableTimeError, also for one that no timedelta can hold.
    """
    words = plain(text)
    try:
        if re.fullmatch(durations.PATTERN, words):
            return durations.parse_timedelta(words)
        if (length := _length(words)) is not None:
            return length
    except OverflowError:
        pass
    raise UnreadableTimeError


def duration_text(text: str) -> str:
    """Return a duration as a configuration has it: `2d` for `2 days`.

    Raises UnreadableTimeError.
    """
    duration(text)
    return text if re.fullmatch(durations.PATTERN, text) else _with_units(plain(text))


def is_day(text: str) -> bool:
    """Return whether readable words name a whole day: `tomorrow`, `next mon`, a date."""
    words = plain(text)
    if re.fullmatch(r"[0-9]{8}|[0-9]{4}-w[0-9]{2}-[1-7]", words):
        return True
    found = re.fullmatch(_ON_A_DAY, words)
    return found is not None and found["time"] is None


def plain(text: str) -> str:
    """Return a text in small letters, with single spaces. Raise UnreadableTimeError if too long."""
    if len(text) > LONGEST_TEXT:
        raise UnreadableTimeError(f"longer than {LONGEST_TEXT} characters")
    return " ".join(text.lower().split())


def read(words: str, at: Reference) -> datetime | None:
    """Return the instant that plain words name, None if they name none.

    Raises UnreadableTimeError where it is clear what is wrong with them.
    """
    try:
        for reading in (_now, _epoch, _relative, _iso, _on_a_day):
            found = reading(words, at)
            if found is not None:
                return _kept(found, words)
    except (ValueError, OverflowError) as error:
        if isinstance(error, UnreadableTimeError):
            raise
        raise UnreadableTimeError(_out_of_range(words)) from None
    return None


def _kept(found: datetime, words: str) -> datetime:
    """Return an instant that the state can hold."""
    if parse_utc(format_utc(found)) is None:
        raise UnreadableTimeError(_out_of_range(words))
    return found.astimezone(UTC)


def _out_of_range(words: str) -> str:
    return f"{cut(words, 60)} is beyond the years that can be kept"


def _now(words: str, at: Reference) -> datetime | None:
    return at.now if words == "now" else None


def _epoch(words: str, at: Reference) -> datetime | None:
    del at
    found = re.fullmatch(_EPOCH, words)
    return datetime.fromtimestamp(float(found[1] or found[2]), UTC) if found else None


def _relative(words: str, at: Reference) -> datetime | None:
    """Read a duration: from now or ago if it says so, else in the direction of the option."""
    found = re.fullmatch(_RELATIVE, words)
    length = _length(found["length"]) if found else None
    if found is None or length is None or (found["sign"] and found["tail"]):
        return None
    if found["tail"] == " ago" or found["sign"] == "-":
        return at.now - length
    if found["sign"] or found["tail"]:
        return at.now + length
    return at.origin + at.direction * length


def _length(words: str) -> timedelta | None:
    """Return a duration with units; None if it is none."""
    text = _with_units(words)
    try:
        return durations.parse_timedelta(text) if text else None
    except ValueError:
        return None


def _with_units(words: str) -> str:
    """Return a duration with units as `durations` reads it; '' if it is none."""
    text = re.sub(r"\ban? (?=[a-z])", "1 ", words)
    if ":" in text or not re.search("[a-z]", text):
        return ""
    return text if re.fullmatch(durations.WITH_UNITS, text) else meant.duration(text) or ""


def _iso(words: str, at: Reference) -> datetime | None:
    """Read a date and time as ISO 8601 writes them."""
    day = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-w[0-9]{2}-[1-7]"
    found = re.fullmatch(rf"({day})(?:[ t](?!24)([0-9:.,]+ ?(?:z|[+-][0-9:]+)?))?", words)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found[0].replace(" ", "T", 1).replace(" ", "").upper())
    except ValueError:
        _date(found[1])
        return None
    return moment if moment.tzinfo else earliest_instant(moment, at.zone)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.upper())
    except ValueError:
        raise UnreadableTimeError(f"there is no {text.upper()}") from None


def _on_a_day(words: str, at: Reference) -> datetime | None:
    found = re.fullmatch(_ON_A_DAY, words) or re.fullmatch(_AT_A_TIME, words)
    if found is None:
        return None
    moment, offset = _time(found["time"]), _offset(found["offset"])

    def on(day: date) -> datetime:
        return _instant(datetime.combine(day, moment), offset, at.zone)

    if found["word"]:
        return on(at.today + DAYS[found["word"]] * _DAY)
    if found["weekday"]:
        return _on_weekday(found, on, at)
    if found["iso"]:
        return on(_as_named(_date(found["iso"]), found["named"]))
    near = at.origin.astimezone(zone_info(at.zone)).date()
    if found["month"] or found["month2"]:
        return _on_date(found, near, on, at)
    return at.nearest(on(near + number * _DAY) for number in range(-3, 4))


def _on_weekday(found: re.Match[str], on: On, at: Reference) -> datetime:
    weekday = WEEKDAYS[found["weekday"]]
    if found["which"] == "next ":
        return on(at.today + ((weekday - at.today.weekday() - 1) % 7 + 1) * _DAY)
    if found["which"] == "last ":
        return on(at.today - ((at.today.weekday() - weekday - 1) % 7 + 1) * _DAY)
    near = at.origin.astimezone(zone_info(at.zone)).date()
    days = (near + number * _DAY for number in range(-9, 10))
    return at.nearest(on(day) for day in days if day.weekday() == weekday)


def _on_date(found: re.Match[str], near: date, on: On, at: Reference) -> datetime:
    """Read a day and a month, of the nearest year if none is named."""
    month = MONTHS[found["month"] or found["month2"]]
    day = int(found["day"] or found["day2"])
    years = [int(found["year"])] if found["year"] else range(near.year - 9, near.year + 10)
    dates = []
    for year in years:
        try:
            dates.append(date(year, month, day))
        except ValueError:
            continue
    if not dates:
        raise UnreadableTimeError(f"there is no {found[0]}")
    if found["year"]:
        return on(_as_named(dates[0], found["named"]))
    nearest = at.nearest(map(on, dates))
    return on(_as_named(next(each for each in dates if on(each) == nearest), found["named"]))


def _as_named(day: date, weekday: str | None) -> date:
    """Return a date if it is on the weekday that stands before it."""
    if weekday and WEEKDAYS[weekday] != day.weekday():
        right = cron_field.WEEKDAYS[day.isoweekday() % 7]
        raise UnreadableTimeError(f"{day} is a {right}")
    return day


def _time(text: str | None) -> time:
    """Return a time of day; midnight if there is none."""
    if text in (None, "midnight", "noon"):
        return time(12 if text == "noon" else 0)
    numbers = [int(number) for number in re.findall("[0-9]+", text or "")]
    half = re.search("[ap]", text or "")
    if half:
        numbers[0] = numbers[0] % 12 + (12 if half[0] == "p" else 0)
    hour, minute, second = (*numbers, 0, 0)[:3]
    return time(hour, minute, second)


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text.strip() in ("z", "utc"):
        return UTC
    digits = re.sub("[^0-9]", "", text)
    minutes = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-minutes if "-" in text else minutes)


def _instant(wall: datetime, offset: tzinfo | None, zone: str) -> datetime:
    if offset is not None:
        return wall.replace(tzinfo=offset).astimezone(UTC)
    return earliest_instant(wall, zone)
