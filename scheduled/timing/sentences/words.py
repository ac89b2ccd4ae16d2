"""The words of a schedule in words: what they are, before it is known what they mean (pure)."""

import re

from scheduled.errors import ScheduleError
from scheduled.quick_classes import NamedTuple
from scheduled.timing import cron_field
from scheduled.timing.cron_field import FIELDS

MONTHS = {name: number for number, name in enumerate(FIELDS[3].names, start=1)} | {
    **{name: number for number, name in enumerate(map(str.lower, cron_field.MONTHS), start=1)},
    "sept": 9,
}
WEEKDAYS = {name: number for number, name in enumerate(FIELDS[4].names)} | {
    **{name: number for number, name in enumerate(map(str.lower, cron_field.WEEKDAYS))},
    "tues": 2,
    "wednes": 3,
    "thur": 4,
    "thurs": 4,
}
WEEKDAYS |= {f"{name}s": number for name, number in WEEKDAYS.items() if name.endswith("day")}
UNITS = {
    **dict.fromkeys(("minute", "minutes", "min", "mins"), "minute"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), "hour"),
    **dict.fromkeys(("day", "days"), "day"),
    **dict.fromkeys(("week", "weeks"), "week"),
    **dict.fromkeys(("month", "months"), "month"),
    **dict.fromkeys(("quarter", "quarters"), "quarter"),
    **dict.fromkeys(("year", "years"), "year"),
}
EACH = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annually": "year",
    "hourly": "hour",
    "fortnightly": "week",
}
"""Words that say `every` and a unit in one."""
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
NUMBERS = {name: number for number, name in enumerate(_NUMBERS[:-1], start=1)} | {"twelve": 12}
ORDINALS = {name: number for number, name in enumerate(_ORDINALS, start=1)} | {"tenth": 10}
TIMES = {"noon": 12 * 60, "midday": 12 * 60, "midnight": 0}
DAY_PARTS = {
    "morning": range(4 * 60, 12 * 60),
    "afternoon": range(12 * 60, 18 * 60),
    "evening": range(16 * 60, 24 * 60),
    "night": [*range(6 * 60), *range(18 * 60, 24 * 60)],
}
"""The times of day that are in them, generously."""
WORKDAYS = {"weekday", "weekdays", "workday", "workdays"}
WEEKENDS = {"weekend", "weekends"}
OTHERS = (
    *("every", "each", "other", "on", "at", "the", "of", "in", "and", "to", "from", "between"),
    *("last", "starting", "since", "until", "before", "nearest", "working", "business", "end"),
)
VOCABULARY = (
    *(*OTHERS, *MONTHS, *WEEKDAYS, *UNITS, *EACH, *NUMBERS, *ORDINALS, *TIMES),
    *(*WORKDAYS, *WEEKENDS),
)

FILLERS = {"please", "sharp", "exactly", "promptly", "precisely", "always"}
"""Words that say nothing about when something runs."""

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<second>:\d\d)?"
_HALF = r"(?P<half>[ap])\.?m\b\.?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<date>\d{{4}}-\d\d?-\d\d?)(?:t(?=\d))?|(?P<time>{_CLOCK}(?: ?{_HALF})?"
    r"|(?P<hour12>\d{1,2}) ?(?P<half12>[ap])\.?m\b\.?)"
    r"|(?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b|(?P<number>\d{1,9})(?![\w:.])"
    r"|:(?P<minute_alone>[0-5]\d)\b|(?P<zone>[a-z_]+/[a-z_+\-0-9/]+)|(?P<at>@)(?=\s*\d)"
    r"|(?P<word>[a-z]+)|(?P<comma>,|&|\+)|(?P<dash>-|\.\.))"
)
_CLOCK_FORMS = "a time of day is written 8:00, 17:30, 8am, 5:30pm or noon"


class Token(NamedTuple):
    """A word, or what stands for one."""

    kind: str
    """`word`, `number`, `ordinal`, `time`, `minute`, `date`, `zone`, `comma`, `dash` or `end`."""
    text: str
    value: int = 0
    """Of a number or ordinal; of a time, the minutes since midnight; of a minute, it."""


RANGE_SIGNS = ("-", "..", "to", "through", "thru")
"""What stands between the first and the last of several."""
END = Token("end", "")


def tokens(text: str) -> list[Token] | None:
    """Return the words of a text; None if it has signs that no sentence has.

    Raise ScheduleError for a time that is none.
    """
    found, place = [], 0
    plain = re.sub(r"(?<=[\d ])o'?clock\b", " ", text.lower()).rstrip(" .;")
    while place < len(plain):
        match = _TOKEN.match(plain, place)
        if match is None:
            return None
        found.append(_token(match))
        place = match.end()
    return found


def joined(words: list[Token]) -> str:
    """Return words as they are written."""
    text = " ".join(word.text for word in words)
    return re.sub(r" ([,+])", r"\1", re.sub(r" (-|\.\.) ", r"\1", text))


def clock(minutes: int) -> str:
    """Return a time of day: `09:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _token(match: re.Match[str]) -> Token:
    text = match[0].strip()
    if match["time"]:
        return Token("time", text, _minutes(match, text))
    if match["ordinal"]:
        return Token("ordinal", text, int(match["ordinal"]))
    if match["minute_alone"]:
        return Token("minute", text, int(match["minute_alone"]))
    if match["at"]:
        return Token("word", "at")
    if match["number"]:
        return Token("number", text, int(match["number"]))
    if word := match["word"]:
        if word in TIMES:
            return Token("time", word, TIMES[word])
        if word in NUMBERS:
            return Token("number", word, NUMBERS[word])
        return Token("ordinal", word, ORDINALS[word]) if word in ORDINALS else Token("word", word)
    return Token(match.lastgroup or "", text.removesuffix("t"))


def _minutes(match: re.Match[str], text: str) -> int:
    hour, minute = int(match["hour"] or match["hour12"]), int(match["minute"] or 0)
    half = match["half"] or match["half12"]
    if half and not 1 <= hour <= 12:
        raise ScheduleError(f"{text} is not a time of day; {_CLOCK_FORMS}")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour, minute) == (24, 0):
        raise ScheduleError(f"{text} is the end of a day or its beginning; write 0:00 or 23:59")
    if hour > 23 or minute > 59:
        raise ScheduleError(f"{text} is not a time of day; {_CLOCK_FORMS}")
    if match["second"] not in (None, ":00"):
        raise ScheduleError(f"{text} has seconds; a job starts on the minute")
    return 60 * hour + minute
