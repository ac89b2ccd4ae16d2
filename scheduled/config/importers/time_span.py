"""systemd's time spans, `1h 30min`, in seconds and as durations (pure): systemd.time(7)."""

import math
import re

_UNITS = {
    **dict.fromkeys(("usec", "us", "μs", "µs"), 1e-6),
    **dict.fromkeys(("msec", "ms"), 1e-3),
    **dict.fromkeys(("seconds", "second", "sec", "s", ""), 1),
    **dict.fromkeys(("minutes", "minute", "min", "m"), 60),
    **dict.fromkeys(("hours", "hour", "hr", "h"), 3600),
    **dict.fromkeys(("days", "day", "d"), 86_400),
    **dict.fromkeys(("weeks", "week", "w"), 604_800),
    **dict.fromkeys(("months", "month", "M"), 2_629_800),
    **dict.fromkeys(("years", "year", "y"), 31_557_600),
}
_PART = re.compile(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*([A-Za-zμµ]*)")


def seconds(text: str) -> float:
    """Return the seconds of a span, infinite for `infinity`. Raise ValueError if it is none."""
    plain = text.strip()
    if plain == "infinity":
        return math.inf
    total, place = 0.0, 0
    while place < len(plain):
        match = _PART.match(plain, place)
        if match is None or match[2] not in _UNITS:
            raise ValueError(f'"{text}" is no time span like 1h 30min')
        total += float(match[1]) * _UNITS[match[2]]
        place = match.end()
    if not plain:
        raise ValueError("an empty time span")
    return round(total, 6)


def duration(span: float) -> str:
    """Return whole seconds as a duration: `1h30m`."""
    left, text = int(span), ""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
