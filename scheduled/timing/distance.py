"""How far away an instant is, and how long something took, as people say it."""

from datetime import datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_WITH_SMALLER = tuple(zip(_UNITS, (*_UNITS[1:], None), strict=True))


def relative(moment: datetime, now: datetime) -> str:
    """`3 min ago`, `in 2 h 5 min`, `now` for less than a second."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def span(seconds: float) -> str:
    """Return a duration in its two largest units, rounded down: `3 d 4 h`, `2 h 5 min`, `40 s`."""
    whole = int(seconds)
    for (unit, name), smaller in _WITH_SMALLER:
        if whole >= unit:
            rest = whole % unit // smaller[0] if smaller else 0
            # Seconds beside minutes are noise to a person.
            tail = f" {rest} {smaller[1]}" if smaller and rest and smaller[0] > 1 else ""
            return f"{whole // unit} {name}{tail}"
    return "0 s"
