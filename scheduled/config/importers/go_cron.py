"""Expressions of Go's cron library, which Kubernetes and ofelia use, as schedules (pure)."""

import re

from scheduled.errors import ScheduleError
from scheduled.timing import expression

_GO_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|m|s|ms))+")
_STEPPED = re.compile(r"(\*|\?)/(\d{1,4})")
_FROM = re.compile(r"(\d{1,2})/(\d{1,4})")
_HIGHEST = (59, 23, 31, 12, 6)
_LOWEST = (0, 0, 1, 1, 0)


def translated(text: str, *, has_seconds: bool = False) -> tuple[str, str]:
    """Return the schedule and its zone, '' if it names none. Raise ScheduleError with the reason.

    `has_seconds` says whether a sixth field in front is one for seconds.
    """
    zoned = re.fullmatch(r"(?:CRON_)?TZ=(\S+)\s+(.*)", text.strip())
    zone, plain = (zoned[1], zoned[2]) if zoned else ("", text.strip())
    if not plain:
        raise ScheduleError("missing")
    if plain.startswith("@every "):
        return _every(plain[7:].strip()), zone
    fields = plain.split()
    if has_seconds and len(fields) == 6:
        if fields[0] not in ("0", "00"):
            raise ScheduleError(f'"{plain}": seconds, and a job starts on the minute')
        fields = fields[1:]
    if len(fields) == 5:
        plain = _five(fields)
    expression.parse(plain, "UTC", seed="any")
    return plain, zone


def _every(text: str) -> str:
    if not _GO_DURATION.fullmatch(text) or "ms" in text:
        raise ScheduleError(f'"@every {text}" is not understood')
    schedule = f"every {text}"
    expression.parse(schedule, "UTC")
    return schedule


def _five(fields: list[str]) -> str:
    """Return five fields as cron reads them: `?` is a star, `5/15` goes on to the end.

    There a star with a step restricts its day field, so that either day is enough.
    """
    is_open = [field in ("*", "?") for field in fields]
    result = []
    for place, field in enumerate(fields):
        low, high = _LOWEST[place], _HIGHEST[place]
        elements = []
        for element in field.split(","):
            stepped, start = _STEPPED.fullmatch(element), _FROM.fullmatch(element)
            if start:
                element = f"{start[1]}-{high}/{start[2]}"  # noqa: PLW2901
            elif stepped and place in (2, 4) and not is_open[6 - place]:
                element = f"{low}-{high}/{stepped[2]}"  # noqa: PLW2901
            elements.append(element.replace("?", "*"))
        result.append(",".join(elements))
    return " ".join(result)
