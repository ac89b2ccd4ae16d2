"""The times without ticks, as bands in a picture and in words. Pure.

The longest have letters, which stand above their bands and before the words for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from string import ascii_uppercase
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.timing.instants import parse_utc
from scheduled.views import gaps
from scheduled.views.format import span
from scheduled.views.page import moments
from scheduled.views.page.pictures.timeline import Change, Window

LETTERED = 8
"""So many are told one by one."""
APART = 4.0
"""Letters are so many percent apart at least; nearer ones stand together."""
CHANGE = "\u21ba"
"""Stands where a clock was changed."""
LEAST = 0.3
"""Percent: a shorter one is drawn as wide as this."""


class Outage(NamedTuple):
    """A time without ticks."""

    x: float
    width: float
    letter: str
    """Empty for one of the shorter ones, where there are many."""
    cause: str
    when: str
    cost: str
    """What became of the slots in it; empty if nobody counted."""


class Letters(NamedTuple):
    """What stands above bands."""

    x: float
    text: str


class Outages(NamedTuple):
    """Those of a picture."""

    bands: tuple[Outage, ...]
    """Oldest first."""
    letters: tuple[Letters, ...]
    others: str
    """What is said of those without a letter; empty if there are none."""


def of(
    rows: Iterable[Mapping[str, Any]],
    window: Window,
    now: datetime,
    zone: tzinfo,
    changes: Sequence[Change] = (),
) -> Outages:
    """Return the rows of `views.gaps` that lie in a time, as they are in its picture.

    Above it stand their letters, and the signs of `changes` of the clock.
    """
    found = []
    for row in rows:
        start, end = parse_utc(row.get("from")), parse_utc(row.get("to"))
        if start is None or end is None or max(start, end).timestamp() < window.start:
            continue
        found.append((start, end, row))
    found.sort(key=lambda gap: gap[0])
    longest = sorted(found, key=lambda gap: -abs((gap[1] - gap[0]).total_seconds()))[:LETTERED]
    letters = iter(ascii_uppercase)
    bands = tuple(
        _band(gap, next(letters) if gap in longest else "", window, now, zone) for gap in found
    )
    others = [gap for gap in found if gap not in longest]
    seconds = sum(abs((end - start).total_seconds()) for start, end, _ in others)
    words = f"and {len(others)} shorter ones, {span(seconds)} together" if others else ""
    return Outages(bands, tuple(_above(bands, changes)), words)


def _band(
    gap: tuple[datetime, datetime, Mapping[str, Any]],
    letter: str,
    window: Window,
    now: datetime,
    zone: tzinfo,
) -> Outage:
    start, end, row = gap
    begin, until = sorted((start.timestamp(), end.timestamp()))
    width = max(window.width(begin, until), LEAST)
    x = min(window.x(begin), 100 - width)
    length = span(until - begin)
    day = f" {moments.day(end, zone)}" if _is_other_day(start, end, zone) else ""
    when = f"{moments.moment(start, now, zone)} to{day} {moments.clock(end, zone)}, {length}"
    return Outage(round(x, 2), width, letter, gaps.cause(row), when, gaps.cost(row))


def _is_other_day(start: datetime, end: datetime, zone: tzinfo) -> bool:
    return start.astimezone(zone).date() != end.astimezone(zone).date()


def _above(bands: Sequence[Outage], changes: Sequence[Change]) -> list[Letters]:
    """Return the letters of bands, those that are too near each other as one: `C D`."""
    wanted = [(band.x + band.width / 2, band.letter) for band in bands if band.letter]
    wanted += [(change.x, CHANGE) for change in changes]
    found: list[tuple[float, float, str]] = []
    for middle, letter in sorted(wanted):
        if found and middle - found[-1][1] < APART:
            first, _, text = found.pop()
            found.append((first, middle, f"{text} {letter}"))
        else:
            found.append((middle, middle, letter))
    return [Letters(round((first + last) / 2, 2), text) for first, last, text in found]
