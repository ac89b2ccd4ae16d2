"""The parts of a schedule in words, as they are read (pure)."""

from collections.abc import Sized
from datetime import date
from typing import Literal

from scheduled.errors import ScheduleError
from scheduled.quick_classes import dataclass, field
from scheduled.timing.sentences.words import END, WORKDAYS, Token

Unit = Literal["", "day", "week", "month", "year"]

EXAMPLES = (
    'write one like "every weekday at 8:00", "every month on the last fri at 17:00" or "every 2'
    ' weeks on mon,thu at 09:00 from 2026-11-30"'
)
_TWICE = 'twice in one, or once in two? write "every 2 weeks" or "every 2 months", or name the days'
_ENDS = "the last date is set by the key `ends`"
_ZONE = "its time zone is set by the key `timezone`"
_CLAUSES = {
    **dict.fromkeys(("until", "till", "ending", "ends"), _ENDS),
    **dict.fromkeys(
        ("except", "excluding", "unless", "not", "without", "skip", "holidays", "holiday", "but"),
        "days on which it does not run are set by the key `not_on`",
    ),
}
"""What a sentence does not say, in several words."""
_ELSEWHERE = {
    **dict.fromkeys(("utc", "gmt", "est", "cet", "pst", "timezone", "tz"), _ZONE),
    **dict.fromkeys(
        ("morning", "evening", "afternoon", "night"),
        "a time of day is written 8:00 or 5:30pm",
    ),
}
"""What a sentence does not say, in a word."""
SINGLE = {"tomorrow", "tonight", "today", "now", "next", "this"}
SINGLE_RUN = 'a single run is written "at:2027-01-15T09:00", with its date'
AMBIGUOUS = {
    **dict.fromkeys(("biweekly", "bimonthly", "semiweekly", "semimonthly", "biannually"), _TWICE),
}


@dataclass
class Parts:
    """What a sentence says, part by part."""

    every: int = 1
    unit: str = ""
    """`minute`, `hour`, `day`, `week`, `month`, `quarter` or `year`; empty: not said."""
    of: str = ""
    """`month`, `quarter` or `year`: what its days are counted in."""
    days: list[str] = field(default_factory=list)
    """Of the month, as `month_days` has them."""
    weekdays: list[str] = field(default_factory=list)
    months: list[int] = field(default_factory=list)
    dates: list[tuple[int, int]] = field(default_factory=list)
    """Months with a day of their own."""
    times: list[int] = field(default_factory=list)
    span: tuple[int, int] | None = None
    """The first and the last time of a day."""
    minutes: list[int] = field(default_factory=list)
    """Of each hour: `:30`."""
    start: date | None = None
    day_part: str = ""
    """`morning` and the like: its times have to be in it."""
    count: int = 0
    """So many times a day or week are announced, by `once` or `3 times`; 0: nothing is."""
    ambiguous: str = ""
    """What could be one of a month or every so many: `2nd tue`."""

    @property
    def when(self) -> tuple[object, ...]:
        """What has been said of its days."""
        lists: tuple[Sized, ...] = (self.days, self.weekdays, self.months, self.dates)
        return (self.every, self.unit, *map(len, lists))


class UnknownWordError(ScheduleError):
    """Of a word that is not understood, and its place."""

    def __init__(self, message: str, place: int, *, end: int = 0) -> None:
        super().__init__(message)
        self.place = place
        self.end = end
        """The place after the words that are understood, and do not belong here; 0: none are."""


class Cursor:
    """The words of a sentence, read from left to right, and what they have said so far."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._place = 0
        self.parts = Parts()

    def _next(self, ahead: int = 0) -> Token:
        place = self._place + ahead
        return self._words[place] if place < len(self._words) else END

    def _take(self) -> Token:
        word = self._next()
        self._place += 1
        return word

    def _skip(self, *texts: str) -> bool:
        """Pass over a word if it is one of these."""
        if self._next().text in texts:
            self._place += 1
            return True
        return False

    def _is_between(self, ahead: int) -> bool:
        """Return whether a word stands between two days."""
        word = self._next(ahead)
        return word.kind == "comma" or word.text in ("and", "the", "on")

    def _after_and(self) -> int:
        """Return how many words stand before the next one of a list; 0 if it has ended."""
        ahead = 0
        while self._is_between(ahead):
            ahead += 1
        return ahead

    def _is_workday(self) -> bool:
        words = (self._next().text, self._next(1).text)
        return words[0] in WORKDAYS or (
            words[0] in ("working", "business", "week") and words[1] in ("day", "days")
        )

    def _take_workday(self) -> None:
        self._place += 1 if self._next().text in WORKDAYS else 2

    def _unknown(self) -> UnknownWordError:
        word = self._next()
        if word is END:
            return UnknownWordError("the sentence is not complete", self._place)
        if word.kind == "zone":
            return UnknownWordError(f"{word.text}: {_ZONE}", self._place, end=self._place + 1)
        if word.kind == "number" and 1970 <= word.value <= 2199:
            raise ScheduleError(f"{word.text}: {SINGLE_RUN}; a date to count from is 2026-11-30")
        if reason := _ELSEWHERE.get(word.text):
            return UnknownWordError(f'"{word.text}": {reason}', self._place, end=self._word_end())
        if word.text in ("until", "till") and self._next(1).kind == "time":
            end = self._next(1).text
            raise ScheduleError(f'until {end}, but from when? write "between 8:00 and {end}"')
        if reason := _CLAUSES.get(word.text) or self._other_than():
            return UnknownWordError(f'"{word.text}": {reason}', self._place, end=self._clause_end())
        if word.text in SINGLE:
            raise ScheduleError(f'"{word.text}": {SINGLE_RUN}')
        if word.text in AMBIGUOUS:
            raise ScheduleError(f"{word.text}: {AMBIGUOUS[word.text]}")
        return UnknownWordError(f'"{word.text}" is not understood', self._place)

    def _other_than(self) -> str:
        is_other = (self._next().text, self._next(1).text) == ("other", "than")
        return _CLAUSES["except"] if is_other else ""

    def _word_end(self) -> int:
        """Return the place after a word, and after the `+2` of a zone."""
        is_offset = self._next(1).text in ("+", "-") and self._next(2).kind in ("number", "time")
        return self._place + (3 if is_offset else 1)

    def _clause_end(self) -> int:
        """Return where a clause ends: at the word `at`, or with the sentence."""
        ends = (
            place
            for place in range(self._place, len(self._words))
            if self._words[place].text == "at"
        )
        return next(ends, len(self._words))

    def _last_date(self) -> UnknownWordError:
        """Return what is said of a last date after the first: `to 2026-12-24`."""
        words = f"{self._next().text} {self._next(1).text}"
        return UnknownWordError(f'"{words}": {_ENDS}', self._place, end=self._place + 2)
