"""Calendars by name: the days that each holds, in a zone, and the rule that a job makes of them.

Pure. How they are read is said in `config.calendars`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from scheduled.errors import ScheduleError
from scheduled.quick_classes import NamedTuple
from scheduled.timing import day_words
from scheduled.timing.day_rule import DayRule, Word
from scheduled.timing.day_words import DaySet
from scheduled.timing.timezones import INSTANT, wall_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Calendar(NamedTuple):
    """Days, and times that make days of a zone: those that they touch."""

    days: DaySet = DaySet()
    times: tuple[tuple[int, int], ...] = ()
    """The half-open stretches of timed events, in seconds since 1970."""
    source: str = ""
    """What changes with the content of its file, and not with the years that are looked up."""


class Calendars:
    """The calendars of a configuration, by name; each set of them is equal to itself only."""

    def __init__(self, named: Mapping[str, Calendar]) -> None:
        self._named = named
        self._days: dict[tuple[str, str], DaySet] = {}

    def knows(self, word: str) -> bool:
        """Return whether a word stands for days."""
        return word in self._named or day_words.is_day(word)

    def days(self, word: str, zone: str) -> DaySet:
        """Return the days that a word stands for. Raise ScheduleError if it stands for none."""
        if day_words.is_day(word):
            return day_words.parse(word)
        known = self._days.get((word, zone))
        if known is None:
            if word not in self._named:
                raise ScheduleError(f'no calendar is called "{word}"')
            known = self._days[word, zone] = _in_zone(self._named[word], zone)
        return known

    def source(self, word: str, zone: str) -> str:
        """Return what changes with the days that a word stands for."""
        if day_words.is_day(word):
            return word
        calendar = self._named[word]
        return f"{calendar.source} in {zone}" if calendar.times else calendar.source


NONE = Calendars({})


@lru_cache(maxsize=1024)
def rule_of(
    not_on: tuple[str, ...],
    only_on: tuple[str, ...],
    move: str,
    zone: str,
    calendars: Calendars | None,
) -> DayRule:
    """Return the rule that words of `not_on` and `only_on` make. Raise ScheduleError."""
    known = calendars or NONE

    def words(texts: Iterable[str]) -> list[Word]:
        return [(text, known.days(text, zone)) for text in texts]

    sources = (
        f"{key}: {', '.join(known.source(text, zone) for text in texts)}"
        for key, texts in (("not_on", not_on), ("only_on", only_on))
    )
    return DayRule(words(not_on), words(only_on), move, made_of="; ".join(sources))


def _in_zone(calendar: Calendar, zone: str) -> DaySet:
    if not calendar.times:
        return calendar.days
    touched = (_touched(start, end, zone) for start, end in calendar.times)
    return day_words.union((calendar.days, day_words.of_ranges(touched)))


def _touched(start: int, end: int, zone: str) -> tuple[int, int]:
    """Return the first and the last day that a stretch touches; its end is no part of it."""
    first, last = (EPOCH + timedelta(seconds=seconds) for seconds in (start, end))
    if last > first:
        last -= INSTANT
    return wall_time(first, zone).toordinal(), wall_time(last, zone).toordinal()
