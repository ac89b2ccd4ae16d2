"""Zones as POSIX writes them in `TZ`: `UTC0`, `<+03>-3`, `EST5EDT,M3.2.0,M11.1.0`.

The offset is what must be added to local time to get UTC, so `<+03>-3` is three hours ahead.
"""

import io
import re
import struct
from zoneinfo import ZoneInfo

_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_TIME = r"[+-]?\d{1,3}(?::\d\d){0,2}"
_DATE = rf"(?:M\d{{1,2}}\.\d\.\d|J?\d{{1,3}})(?:/{_TIME})?"
_SUMMER = rf"(?P<summer>{_NAME}(?:{_TIME})?)(?P<dates>,{_DATE},{_DATE})?"
_RULE = rf"{_NAME}{_TIME}(?:{_SUMMER})?"
_AMBIGUOUS = re.compile(r"(?:UTC?|GMT|Z)?([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
DEFAULT_DATES = ",M3.2.0,M11.1.0"
"""When summer time begins and ends where the text does not say it, as in the C library."""
EXAMPLES = "<+03>-3 or EST5EDT,M3.2.0,M11.1.0"


def zone(text: str) -> ZoneInfo | None:
    """Return the zone that `text` describes; None if it is not such a text."""
    match = re.fullmatch(_RULE, text)
    if match is None:
        return None
    dates = DEFAULT_DATES if match["summer"] and not match["dates"] else ""
    block = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block += struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    try:
        # A file of the database that holds no changes but this rule.
        return ZoneInfo.from_file(io.BytesIO(block * 2 + f"\n{text}{dates}\n".encode()), key=text)
    except ValueError:
        return None


def quoted(text: str) -> str:
    """Return a text that `zone` reads with its first name in `<>`, which changes nothing else.

    `GMT+2` is two hours behind for the C library and two hours ahead for most people; `<GMT>+2`
    can only be the former.
    """
    name = re.match(r"[A-Za-z]{3,}", text)
    return f"<{name[0]}>{text[name.end() :]}" if name else text


def is_ambiguous(text: str) -> bool:
    """Return whether people and the C library read `text` with opposite signs."""
    return _AMBIGUOUS.fullmatch(text) is not None


def advice(text: str) -> str:
    """Return what to write in place of a text that is no zone; '' if it looks like none of these.

    `GMT+2` and `+02:00`, and what begins as a rule does.
    """
    match = _AMBIGUOUS.fullmatch(text)
    if match:
        sign, hours, minutes = match[1], int(match[2]), match[3] or "00"
        away = f"{'ahead of' if sign == '+' else 'behind'} UTC"
        there = "-" if sign == "+" else "+"
        clock = f"{hours}:{minutes}" if int(minutes) else f"{hours}"
        name = f"<{sign}{hours:02}{minutes if int(minutes) else ''}>{there}{clock}"
        return f"for {clock} h {away} write {name}"
    if re.match(rf"{_NAME}[+-]?\d", text) or text.startswith("<") or "," in text:
        return f"it looks like a POSIX rule; write one like {EXAMPLES}"
    return ""
