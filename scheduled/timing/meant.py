"""What a schedule or a duration that cannot be read probably means, in this program's words (pure).

People write what another scheduler takes, or what they would say. What is returned here is only a
proposal: the caller shows it if it can be read. What may mean two things means nothing here.
"""

import re

from scheduled.timing import durations
from scheduled.timing.cron_field import FIELDS

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
}
_PART = rf"(\d{{1,9}}(?:\.\d{{1,6}})?) ?({'|'.join(sorted(_UNITS, key=len, reverse=True))})\b"
_ISO = r"p(?:(\d+)w)?(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?"
_WORDS = {
    "@every_minute": "* * * * *",
    "boot": "@reboot",
    "each minute": "* * * * *",
    "every day": "daily",
    "every hour": "hourly",
    "every midnight": "daily",
    "every minute": "* * * * *",
    "every month": "monthly",
    "end of month": "last day of the month",
    "every night": "0 2 * * *",
    "every other day": "every 2d",
    "every quarter": "0 0 1 */3 *",
    "every second day": "every 2d",
    "every week": "weekly",
    "every year": "yearly",
    "fortnightly": "every 2w",
    "minutely": "* * * * *",
    "nightly": "0 2 * * *",
    "noon": "0 12 * * *",
    **dict.fromkeys(("on boot", "at boot", "on startup", "at startup", "on reboot"), "@reboot"),
    "once a day": "daily",
    "once a month": "monthly",
    "once a week": "weekly",
    "once an hour": "hourly",
    "quarterly": "0 0 1 */3 *",
    "semiannually": "0 0 1 */6 *",
    "startup": "@reboot",
    "twice a day": "0 */12 * * *",
    "twice daily": "0 */12 * * *",
}
_DAY = (
    r"sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?"
    r"|sat(?:urday)?"
)
_DAYS = rf"(?:(?:{_DAY})s?(?:(?: ?(?:,|-|\.\.| and | to ) ?)(?:{_DAY})s?)*)"
_LIST = r"(?:\*|\d\d?(?:\.\.\d\d?|/\d\d?)?(?:,\d\d?(?:\.\.\d\d?)?)*)"
"""Values of a calendar of systemd."""
_TIME = r"(?P<time>noon|midnight|\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\.?)?)"
_NAMES = FIELDS[4].names


def duration(text: str) -> str | None:
    """Return what a duration means: `5 minutes` and `PT5M` are `5m`."""
    plain = _plain(text)
    if re.fullmatch(durations.WITH_UNITS, plain):
        return plain.replace(" ", "")
    if re.fullmatch(rf"{_PART}(?:(?:,? and |, ?| ?){_PART})*", plain):
        return "".join(f"{number}{_UNITS[unit]}" for number, unit in re.findall(_PART, plain))
    if iso := re.fullmatch(_ISO, plain):
        pairs = zip(iso.groups(), "wdhms", strict=True)
        return "".join(f"{number}{unit}" for number, unit in pairs if number) or None
    if clock := re.fullmatch(r"(\d{1,2}):(\d\d):(\d\d)", plain):
        pairs = zip(clock.groups(), "hms", strict=True)
        return "".join(f"{int(number)}{unit}" for number, unit in pairs if int(number)) or None
    if part := re.fullmatch(r"(\d{1,9}) ?(?:ms|msec|milliseconds?)", plain):
        return f"{int(part[1]) / 1000:g}s"
    return None


def schedule(text: str) -> str | None:
    """Return what a schedule means: `2am` is `0 2 * * *`, `every 5 minutes` is `every 5m`.

    It is empty for a word that means something else to everybody, and None for what is not known.
    """
    plain = _plain(text)
    word = plain.removeprefix("@").removeprefix("at ").replace("_", " ")
    for each in (plain, word):
        if each in _WORDS:
            return _WORDS[each]
    if wrapped := re.fullmatch(r"(?:rate|cron)\((.*)\)", plain):
        return _aws(wrapped[1]) if plain.startswith("cron") else _interval(wrapped[1])
    return _interval(word) or _at_a_time(word) or _calendar(plain) or _fields(plain)


def after_zone(text: str) -> tuple[str, str] | None:
    """Return schedule and zone of a text that begins with a zone: `TZ=Europe/Berlin 0 2 * * *`."""
    found = re.fullmatch(r"\s*(?:CRON_)?TZ=(\S+)\s+(\S.*)", text)
    return (found[2].strip(), found[1].strip("'\"")) if found else None


def before_zone(text: str) -> tuple[str, str] | None:
    """Return schedule and zone of a text that ends with a zone: `0 2 * * * Europe/Berlin`."""
    found = re.fullmatch(r"\s*(\S.*?)\s+\(?([A-Z][A-Za-z_]*(?:/[A-Za-z_+\-0-9]+)*)\)?\s*", text)
    return (found[1], found[2]) if found else None


def with_command(text: str) -> tuple[str, str] | None:
    """Return schedule and command of a whole line of a crontab."""
    is_nickname = text.lstrip().startswith("@")
    *fields, rest = (*text.split(None, 1 if is_nickname else 5), "")[: 2 if is_nickname else 6]
    if not re.search(r"[a-zA-Z]{2}|/[a-z]", rest) or re.fullmatch(rf"(?i:{_DAYS})", rest):
        return None
    return " ".join(fields), rest.strip()


def _plain(text: str) -> str:
    return " ".join(text[:200].casefold().split())


def _interval(text: str) -> str | None:
    length = duration(re.sub(r"^(?:every|each) ", "", text))
    if length:
        return f"every {length}"
    months = re.fullmatch(r"(?:every|each) ([2346]) months", text)
    return f"0 0 1 */{months[1]} *" if months else None


def _at_a_time(text: str) -> str | None:
    """Return fields for a time of day, each day: `2am`, `daily 9:00`."""
    found = re.fullmatch(rf"(?:daily )?{_TIME}", text)
    if found is None:
        return None
    clock = re.fullmatch(r"(\d{1,2})(?::(\d\d))?(?: ?([ap])\.?m\.?)?", found["time"])
    if clock is None:
        hour, minute = (12, 0) if found["time"] == "noon" else (0, 0)
    elif not (clock[2] or clock[3]):
        return None  # a number alone says nothing
    else:
        hour, minute = int(clock[1]), int(clock[2] or 0)
        if clock[3]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if clock[3] == "p" else 0)
    if (hour, minute) == (24, 0):
        hour = 0
    return f"{minute} {hour} * * *" if hour < 24 > minute // 60 else None


def _weekdays(days: str) -> str:
    """Return a field for `mon..fri` or `mon,thu`."""
    joined = re.sub(r" ?(?:\.\.|-| to ) ?", "-", re.sub(r" ?(?:,| and ) ?", ",", days))
    return re.sub(rf"({_DAY})s?", lambda found: found[1][:3], joined)


def _calendar(text: str) -> str | None:
    """Return fields for the calendar of a systemd timer: `mon..fri *-*-* 09:00:00`, `*:0/15`."""
    found = re.fullmatch(
        rf"(?:(?P<days>{_DAYS}) ?)?"
        rf"(?:(?:\*-)?(?P<month>{_LIST})(?:-(?P<day>{_LIST})|~0?(?P<last>\d\d?))(?: |$))?"
        rf"(?:(?P<hour>{_LIST}):(?P<minute>{_LIST})(?::00?)?)?",
        text,
    )
    if found is None or (found["hour"] or found["month"]) is None:
        return None
    if found["days"] and (found["last"] or found["day"] not in (None, "*")):
        return None  # cron takes either day, systemd both
    values = {name: found[name] or "*" for name in ("minute", "hour", "day", "month")}
    if found["hour"] is None:
        values |= {"minute": "0", "hour": "0"}
    if found["last"]:
        values["day"] = "L" if found["last"] == "1" else f"L-{int(found['last']) - 1}"
    minute, hour, day, month = (
        re.sub(r"\b0(?=\d)", "", re.sub(r"\b0?[01]/", "*/", text).replace("..", "-"))
        for text in values.values()
    )
    return f"{minute} {hour} {day} {month} {_weekdays(found['days'] or '*')}"


def _fields(text: str) -> str | None:
    """Return the five fields that fields in the way of another cron mean."""
    fields = text.split()
    if len(fields) == 1 and re.fullmatch(r"\*/\d\d?", text):
        return f"{text} * * * *"
    if len(fields) == 5:
        if fields[1:] == ["24", "*", "*", "*"]:
            return f"{fields[0]} 0 * * *"
        if fields == ["60", "*", "*", "*", "*"]:
            return "0 * * * *"
        plain = " ".join([*fields[:2], fields[2].upper(), *fields[3:]]).replace("?", "*")
        return plain if "?" in fields else None
    # Quartz: seconds first, a `?` for the day that does not count, 1 is Sunday, perhaps a year.
    if len(fields) in (6, 7) and fields[0] == "0" and "?" in (fields[3], fields[5]):
        return _from_sunday(fields[1:6]) if fields[6:] in ([], ["*"]) else None
    return _aws(text)


def _aws(text: str) -> str | None:
    """Return the fields of EventBridge, which has a year and a `?`, and where 1 is Sunday."""
    fields = text.split()
    if len(fields) != 6 or fields[5] != "*" or "?" not in (fields[2], fields[4]):
        return None
    return _from_sunday(fields[:5])


def _stepped(field: str, place: int) -> str:
    """Return a field with a range before its step, as cron has it: `0/5` is `*/5`."""
    found = re.fullmatch(r"(\d{1,2})(/\d{1,2})", field)
    if found is None:
        return field
    low, high = ((0, 59), (0, 23), (1, 31), (1, 12))[place]
    return re.sub(r"/1$", "", f"{'*' if int(found[1]) == low else f'{found[1]}-{high}'}{found[2]}")


def _from_sunday(fields: list[str]) -> str | None:
    *others, weekdays = (field.replace("?", "*") for field in fields)
    others = [_stepped(field, place) for place, field in enumerate(others)]
    if last := re.fullmatch(r"([1-7])(l|#[1-5])", weekdays):
        return " ".join([*others, f"{_NAMES[int(last[1]) - 1]}{last[2]}".upper()])
    step = re.fullmatch(r"(.*)(/\d+)", weekdays)
    span, rest = (step[1], step[2]) if step else (weekdays, "")
    named = re.sub(r"(?<!#)\b[1-7]\b", lambda number: _NAMES[int(number[0]) - 1], span)
    others[2] = others[2].upper()
    return " ".join([*others, named + rest])
