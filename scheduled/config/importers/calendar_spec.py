"""systemd's calendar expressions as schedules (pure), according to systemd.time(7).

The grammar is that of systemd's parser: what it refuses is refused. What it accepts becomes a
schedule that fires at the same instants, or is refused with the reason.
"""

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from itertools import pairwise

from scheduled.errors import ScheduleError
from scheduled.quick_classes import NamedTuple
from scheduled.system.text import excerpt
from scheduled.timing import expression, timezones
from scheduled.timing.cron_field import FIELDS, WEEKDAYS

_DAYS = tuple(map(str.lower, (*WEEKDAYS[1:], WEEKDAYS[0])))
_NAMES = FIELDS[4].names
_SHORT = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    **dict.fromkeys(("yearly", "annually", "anually"), "*-01-01 00:00:00"),
    "quarterly": "*-01,04,07,10-01 00:00:00",
    **dict.fromkeys(
        ("semiannually", "semi-annually", "biannually", "bi-annually"), "*-01,07-01 00:00:00"
    ),
}
_PART = re.compile(r"(?P<start>\d{1,10})(?:\.\.(?P<stop>\d{1,10}))?(?:/(?P<repeat>\d{1,10}))?")
_DECIMAL = r"\d{1,10}(?:\.\d{1,9})?"
_SECONDS = re.compile(
    rf"(?P<start>{_DECIMAL})(?:\.\.(?P<stop>{_DECIMAL}))?(?:/(?P<repeat>{_DECIMAL}))?"
)
_WEEKDAYS = re.compile(
    r"(?P<days>(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*(?:(?:\.\.|-|,)[a-z]+)*,?)(?:\s+|$)",
    re.IGNORECASE,
)
_YEARS = (1970, 2199)
_MOST = 240
"""So many values may a list have."""
FULL = {"month": range(1, 13), "day": range(1, 32), "hour": range(24), "minute": range(60)}


class Spec(NamedTuple):
    """What an expression matches: all of it has to hold."""

    weekdays: AbstractSet[int]
    """0 is Sunday."""
    years: AbstractSet[int] | None
    """None: any."""
    months: AbstractSet[int]
    days: AbstractSet[int]
    """Of the month; counted from its end where `from_end` is set, the last day is 1."""
    from_end: bool
    hours: AbstractSet[int]
    minutes: AbstractSet[int]
    seconds: AbstractSet[float]
    zone: str = ""

    @property
    def has_any_day(self) -> bool:
        """Whether any day of the month matches."""
        return len(self.days) == 31 and not self.from_end


class Translated(NamedTuple):
    """A schedule with what else has to be written for it."""

    schedule: str
    only_on: AbstractSet[int] = frozenset()
    """The weekdays on which alone it is to run, where five fields cannot say so."""
    zone: str = ""


def parse(text: str) -> Spec:
    """Return what an expression matches. Raise ScheduleError for what systemd refuses as well."""
    rest, zone = _without_zone(" ".join(text.split()))
    rest = _SHORT.get(rest.lower(), rest)
    if not rest:
        raise ScheduleError("an empty expression")
    weekdays, rest = _weekdays(rest)
    if rest.startswith("@"):
        raise ScheduleError("an instant in seconds; write a date and a time")
    date, _, time = rest.partition(" ")
    if not time and (":" in date or not re.search(r"[-~]", date)):
        date, time = "", date
    years, months, days, from_end = _date(date)
    hours, minutes, seconds = _time(time.strip())
    return Spec(weekdays, years, months, days, from_end, hours, minutes, seconds, zone)


def translate(spec: Spec) -> Translated:
    """Return the schedule that fires at the same instants. Raise ScheduleError with the reason."""
    if spec.seconds != {0}:
        raise ScheduleError(
            "a second other than 0; a job starts on the minute, so end the time with :00"
        )
    if spec.years is not None:
        return Translated(_once(spec), zone=spec.zone)
    minute, hour, month = (
        _field(values, FULL[name])
        for values, name in (
            (spec.minutes, "minute"), (spec.hours, "hour"), (spec.months, "month"),
        )
    )  # fmt: skip
    for day, weekday, only_on in _day_fields(spec):
        text = f"{minute} {hour} {day} {month} {weekday}"
        if _is_schedule(text):
            return Translated(text, only_on, spec.zone)
    raise ScheduleError(
        "days that five fields cannot name, or that never come"
        if not spec.from_end
        else "days counted from the end of the month; name days that each month has"
    )


def coincide(spec: Spec, other: Spec) -> bool:
    """Whether two expressions may match the same instant."""
    pairs: Iterable[tuple[AbstractSet[int], AbstractSet[int]]] = (
        (spec.weekdays, other.weekdays), (spec.months, other.months),
        (spec.hours, other.hours), (spec.minutes, other.minutes),
    )  # fmt: skip
    is_counted_alike = spec.from_end == other.from_end
    return (
        all(values & others for values, others in pairs)
        and (not is_counted_alike or bool(spec.days & other.days))
        and (spec.years is None or other.years is None or bool(spec.years & other.years))
    )


def merged(spec: Spec, other: Spec) -> Spec | None:
    """Return one expression that matches what either does, or None if there is none."""
    if spec == other:
        return spec
    for outer, inner in ((spec, other), (other, spec)):
        if _is_within(inner, outer):
            return outer
    one, two = spec._asdict(), other._asdict()
    differing = [name for name in one if one[name] != two[name]]
    (name, *more) = differing
    if more or name in ("from_end", "zone", "years"):
        return None
    return spec._replace(**{name: one[name] | two[name]})


def _is_within(inner: Spec, outer: Spec) -> bool:
    """Whether one expression matches only what another does as well."""
    return (
        inner.zone == outer.zone
        and (outer.has_any_day or (inner.from_end == outer.from_end and inner.days <= outer.days))
        and (outer.years is None or (inner.years is not None and inner.years <= outer.years))
        and inner.weekdays <= outer.weekdays
        and inner.months <= outer.months
        and inner.hours <= outer.hours
        and inner.minutes <= outer.minutes
        and inner.seconds == outer.seconds == {0}
    )


def _without_zone(text: str) -> tuple[str, str]:
    before, _, last = text.rpartition(" ")
    if last.upper() == "UTC" and before:
        return before, "UTC"
    if before and last[:1].isalpha() and not _WEEKDAYS.fullmatch(last):
        if not timezones.is_zone(last):
            raise ScheduleError(f'"{excerpt(last)}" is no time zone that is known here')
        return before, last
    return text, ""


def _weekdays(text: str) -> tuple[AbstractSet[int], str]:
    match = _WEEKDAYS.match(text)
    if match is None:
        return frozenset(range(7)), text
    found: set[int] = set()
    for element in match["days"].rstrip(",").split(","):
        first, *last = re.split(r"\.\.|-", element)
        low, high = _weekday(first), _weekday(last[0]) if last else _weekday(first)
        if low > high or len(last) > 1:
            raise ScheduleError(f'"{excerpt(element)}" runs backwards; a week begins on Monday')
        found |= {(day + 1) % 7 for day in range(low, high + 1)}
    return frozenset(found), text[match.end() :]


def _weekday(name: str) -> int:
    plain = name.lower()
    for place, day in enumerate(_DAYS):
        if plain in (day, day[:3]):
            return place
    raise ScheduleError(f'"{excerpt(name)}" is no weekday')


def _date(text: str) -> tuple[AbstractSet[int] | None, AbstractSet[int], AbstractSet[int], bool]:
    full_months, full_days = frozenset(FULL["month"]), frozenset(FULL["day"])
    if not text:
        return None, full_months, full_days, False
    from_end = "~" in text
    parts = text.replace("~", "-").split("-")
    if (
        len(parts) not in (2, 3)
        or text.count("~") > 1
        or (from_end and "~" not in text[-len(parts[-1]) - 1 :])
    ):
        raise ScheduleError(f'"{excerpt(text)}" is no date like *-*-01')
    year, month, day = ["*", *parts] if len(parts) == 2 else parts
    years = None if year == "*" else _values(year, *_YEARS, convert=_full_year)
    is_any = day == "*"
    days = _values(day, 1, 31, from_end=from_end)
    return years, _values(month, 1, 12), days, from_end and not is_any


def _full_year(year: int) -> int:
    return year + (2000 if year < 70 else 1900) if year < 100 else year


def _time(text: str) -> tuple[AbstractSet[int], AbstractSet[int], AbstractSet[float]]:
    if not text:
        return {0}, {0}, {0}
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise ScheduleError(f'"{excerpt(text)}" is no time like 08:00')
    seconds = _second_values(parts[2]) if len(parts) == 3 else {0.0}
    return _values(parts[0], 0, 23), _values(parts[1], 0, 59), seconds


def _second_values(text: str) -> set[float]:
    """Return some of the seconds that match, 0 alone only if no other does."""
    if text == "*":
        return {0.0, 1.0}
    found: set[float] = set()
    for element in text.split(","):
        match = _SECONDS.fullmatch(element)
        if match is None or float(match["start"]) >= 60:
            raise ScheduleError(f'"{excerpt(element)}" are no seconds')
        found.add(float(match["start"]))
        if match["stop"] or match["repeat"]:
            found.add(-1.0)
    return found


def _values(
    text: str,
    low: int,
    high: int,
    *,
    from_end: bool = False,
    convert: Callable[[int], int] = int,
) -> frozenset[int]:
    """Return the values of a list such as `1,8..12,0/15`, within the bounds."""
    if text == "*":
        return frozenset(range(low, high + 1))
    elements = text.split(",")
    if len(elements) > _MOST:
        raise ScheduleError(f"a list of more than {_MOST} values")
    return frozenset(
        value for element in elements for value in _element(element, low, high, from_end, convert)
    )


def _element(
    element: str, low: int, high: int, from_end: bool, convert: Callable[[int], int]
) -> Iterable[int]:
    match = _PART.fullmatch(element)
    if match is None:
        raise ScheduleError(f'"{excerpt(element)}" is not understood')
    start = convert(int(match["start"]))
    stop = convert(int(match["stop"])) if match["stop"] else None
    repeat = int(match["repeat"]) if match["repeat"] else 0
    if stop is not None and stop > start and repeat:
        stop -= (stop - start) % repeat
    high = min(high, 28) if from_end else high  # as systemd has it: each month has so many
    if not low <= start <= high or (stop is not None and not low <= stop <= high):
        raise ScheduleError(f'"{excerpt(element)}" is out of range {low}-{high}')
    if match["repeat"] and not repeat:
        raise ScheduleError(f'"{excerpt(element)}": a step of 0')
    step = repeat or (1 if stop is not None else 0)
    if stop is not None and (start == stop or start < stop < start + step):
        return (start,)
    if stop is not None and start + step > stop:
        raise ScheduleError(f'"{excerpt(element)}" runs backwards, or its step is too long')
    if stop is None and not step:
        return (start,)
    if from_end:
        return _from_end(element, start, stop, step)
    if stop is None and start + step > high:
        raise ScheduleError(f'"{excerpt(element)}": a step beyond {high}')
    return range(start, (high if stop is None else stop) + 1, step)


def _from_end(element: str, start: int, stop: int | None, step: int) -> Iterable[int]:
    """Return days counted from the end of the month: `~07/1` goes on to the last day."""
    if stop is None:
        if start - step < 1:
            raise ScheduleError(f'"{excerpt(element)}": a step beyond the end of the month')
        return range(start, 0, -step)
    return range(start, stop + 1, step)


def _once(spec: Spec) -> str:
    years = spec.years or set()
    found = (years, spec.months, spec.days, spec.hours, spec.minutes)
    if any(len(values) != 1 for values in found) or spec.from_end:
        raise ScheduleError("years, for which cron has no field")
    year, month, day, hour, minute = (min(values) for values in found)
    text = f"at:{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}"
    if not _is_schedule(text):
        raise ScheduleError(f"{text[3:]} is not a valid date and time")
    return text


def _day_fields(spec: Spec) -> Iterable[tuple[str, str, AbstractSet[int]]]:
    """Yield ways to say which days match: day, weekday, and the weekdays it must be on besides.

    In five fields, a day of the month *or* a weekday is enough if both are given; but not if
    either begins with a star, as in `*/31`, which is the first day alone.
    """
    days, weekdays = sorted(spec.days), sorted(spec.weekdays)
    weekday = _field(spec.weekdays, range(7)) if len(weekdays) < 7 else "*"
    if spec.from_end:
        yield from _last_days(spec, weekday)
        return
    day = _field(spec.days, FULL["day"])
    if spec.has_any_day or weekday == "*":
        yield day, weekday, frozenset()
        return
    week, offset = divmod(days[0] - 1, 7)
    if days == list(range(days[0], days[0] + 7)) and not offset and week < 4:
        yield "*", ",".join(f"{_NAMES[number]}#{week + 1}" for number in weekdays), frozenset()
    if days[0] == 1 and not day.startswith("*"):
        yield ",".join(("*/31", *map(str, days[1:]))), weekday, frozenset()
    yield day, "*", frozenset(weekdays)


def _last_days(spec: Spec, weekday: str) -> Iterable[tuple[str, str, AbstractSet[int]]]:
    days = sorted(spec.days)
    only_on = frozenset() if weekday == "*" else spec.weekdays
    if only_on and days == [1, 2, 3, 4, 5, 6, 7]:
        yield "*", ",".join(f"{number}L" for number in sorted(only_on)), frozenset()
    yield ",".join("L" if day == 1 else f"L-{day - 1}" for day in days), "*", only_on


def _field(values: AbstractSet[int], full: range) -> str:
    """Return the values as a field: `*`, `*/15`, `9-17`, `1,15`."""
    ordered = sorted(values)
    if ordered == list(full):
        return "*"
    steps = {after - before for before, after in pairwise(ordered)}
    if len(ordered) > 2 and len(steps) == 1 and (step := steps.pop()) > 1:
        if ordered == list(full[::step]):
            return f"*/{step}"
        return f"{ordered[0]}-{ordered[-1]}/{step}"
    return ",".join(_runs(ordered))


def _runs(ordered: list[int]) -> Iterable[str]:
    start = before = ordered[0]
    for value in [*ordered[1:], None]:
        if value is not None and value == before + 1:
            before = value
            continue
        span = [start] if before == start else [start, before]
        yield (",".join(map(str, span)) if before - start < 2 else f"{start}-{before}")
        if value is not None:
            start = before = value


def _is_schedule(text: str) -> bool:
    try:
        expression.parse(text, "UTC")
    except ScheduleError:
        return False
    return True
