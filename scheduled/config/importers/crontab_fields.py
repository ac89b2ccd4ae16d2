"""The five fields of a crontab's line, and what people write in their place (pure).

Some schedulers have a field for seconds in front; cronie has `1~5`, a random value, and options
between the fields and the command.
"""

import re

from scheduled.errors import ScheduleError
from scheduled.timing import expression, forms
from scheduled.timing.cron_field import FIELDS

_OPTIONS = re.compile(r"-[nqs]+[ \t]+(?=\S)")
_RANDOM = re.compile(r"(?P<low>\w*)~(?P<high>\w*)")
_YEARS = re.compile(r"\*|\d{4}([-,]\d{4})*")


def is_schedule(text: str) -> bool:
    """Whether `text` is five fields or a nickname that can fire, not a schedule in words."""
    try:
        schedule = expression.parse(hashed(text), "UTC", seed="any")
    except ScheduleError:
        return False
    return len(text.split()) == 1 or forms.is_fields(schedule.text)


def hashed(schedule: str) -> str:
    """Return five fields with an `H` for each of cronie's `~`, separated by single spaces.

    `1~5` is a random value, chosen when cronie reads the crontab; `H(1-5)` stays the same.
    """
    fields = schedule.split()
    if "~" not in schedule or len(fields) != len(FIELDS):
        return " ".join(fields)
    return " ".join(
        ",".join(_hashed(element, place) for element in text.split(","))
        for place, text in enumerate(fields)
    )


def seconds_problem(schedule: str, rest: str) -> str:
    """Return why a line is no entry of cron because it has too many fields, or ''.

    `rest` is what follows the five fields, or the nickname.
    """
    field, command = _first_word(rest)
    if has_seconds(schedule, rest):
        year, after = _first_word(command)
        has_years = bool(after) and ("?" in schedule + field or year == "*") and _YEARS.match(year)
        words = "fields for seconds and years" if has_years else "a field for seconds"
        advice = _advice(schedule, field)
        return f"looks like a schedule with {words}, which cron does not have; {advice}"
    if rest.startswith("*"):
        return "the command begins with *, which cron refuses; is there a field too many?"
    return ""


def has_seconds(schedule: str, rest: str) -> bool:
    """Whether fields and the first word after them are a schedule with seconds in front.

    The `?` of Quartz counts as a `*`.
    """
    field, command = _first_word(rest)
    fields = [word.replace("?", "*") for word in (*schedule.split(), field)]
    if not command or len(fields) != 1 + len(FIELDS):
        return False
    try:
        FIELDS[0].values(fields[0])
    except ScheduleError:
        return False
    return is_schedule(" ".join(fields[1:]))


def without_options(command: str) -> tuple[str, set[str]]:
    """Return the command without the options of cronie and OpenBSD before it, and their letters."""
    match = _OPTIONS.match(command)
    if match is None:
        return command, set()
    rest, letters = without_options(command[match.end() :])
    return rest, letters | set(match[0].strip(" \t-"))


def _hashed(element: str, place: int) -> str:
    match = _RANDOM.fullmatch(element)
    if match is None:
        return element
    low, high = match["low"] or str(FIELDS[place].low), match["high"] or str(FIELDS[place].high)
    return "H" if not match["low"] + match["high"] else f"H({low}-{high})"


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(None, 1)
    return word, "".join(rest)


def _advice(schedule: str, field: str) -> str:
    """Return what to write instead."""
    five = " ".join([*schedule.split()[1:], field])
    if "?" in five:
        return "write five fields, with * for ?; mind that 1 is Sunday there and Monday here"
    return f'write "{five}": a job starts on the minute'
