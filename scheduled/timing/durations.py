"""Durations as people write them: `90s`, `10m`, `2h`, `1d`, `2w`, `1h30m`, or seconds (pure).

The one grammar for configuration, schedules and options. Units are in either case and in falling
order; a number may have a fraction, and a space may stand before a unit and between two parts.
"""

import re
from datetime import timedelta

from scheduled.errors import cut

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
# Twelve digits: a longer number is a typing error, or an attack on `int`.
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,6})?"
WITH_UNITS = "(?=[0-9])" + "".join(
    rf"(?: ?{_NUMBER} ?[{unit}{unit.upper()}])?" for unit in _SECONDS
)
"""As `PATTERN`, for a place where a bare number means something else or is too vague."""
PATTERN = rf"{_NUMBER}|{WITH_UNITS}"
"""A regular expression for the whole of a duration; JavaScript reads it in the same way."""
_PART = rf"({_NUMBER}) ?([a-z]?)"


def parse(text: str) -> float:
    """Return the seconds that `text` stands for, 0 or more. Raise ValueError if it is no duration.

    The caller sets the bounds.
    """
    # Compiled on use: a tick with cron expressions alone needs none of it.
    if not re.fullmatch(PATTERN, text):
        raise ValueError(f"not a duration: {cut(text, 60)!r}")
    parts = re.findall(_PART, text.lower())
    # 1.1h is 3960 s; in binary fractions it would be a little more.
    return round(sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts), 6)


def parse_timedelta(text: str) -> timedelta:
    """Return the duration that `text` stands for.

    Raise ValueError if it is none, OverflowError if no timedelta can hold it.
    """
    return timedelta(seconds=parse(text))
