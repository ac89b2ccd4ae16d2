"""The parts of a schedule in words, as they are read (pure)."""

from datetime import date
from typing import Literal

from scheduled.errors import ScheduleError
from scheduled.quick_classes import dataclass, field
from scheduled.timing.sentence_words import END, WORKDAYS, Token

Unit = Literal["", "day", "week", "month", "year"]

EXAMPLES = (
    'write one like "every weekday at 8:00", "every month on the last fri at 17:00" or "every 2'
    ' weeks on mon,thu at 09:00 from 2026-11-30"'
)
_TWICE = 'twice in one, or once in two? write "every 2 weeks" or "every 2 months", or name the days'
_ELSEWHERE = {
    **dict.fromkeys(("until", "till", "ending", "ends"), "the last date is set by the key `ends`"),
    **dict.fromkeys(
        ("except", "excluding", "unless", "not", "without", "skip", "holidays", "holiday"),
        "days on which it does not run are set by the key `not_on`",
    ),
    **dict.fromkeys(
        ("utc", "gmt", "est", "cet", "pst", "timezone", "tz"),
        "its time zone is set by the key `timezone`",
    ),
    **dict.fromkeys(
        ("morning", "evening", "afternoon", "night"),
        "a time of day is written 8:00 or 5:30pm",
    ),
}
"""What a sentence does not say."""
_AMBIGUOUS = {
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
    start: date | None = None
    day_part: str = ""
    """`morning` and the like: its times have to be in it."""
    count: int = 0
    """So many times a day are announced, by `once` or `twice`; 0: nothing is."""
    ambiguous: str = ""
    """What could be one of a month or every so many: `2nd tue`."""


class UnknownWordError(ScheduleError):
    """Of a word that is not understood, and its place."""

    def __init__(self, message: str, place: int, *, is_last: bool = False) -> None:
        super().__init__(message)
        self.place = place
        self.is_last = is_last
        """Whether all that follows belongs to it."""


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
        if reason := _ELSEWHERE.get(word.text):
            return UnknownWordError(f'"{word.text}": {reason}', self._place, is_last=True)
        if word.text in _AMBIGUOUS:
            raise ScheduleError(f"{word.text}: {_AMBIGUOUS[word.text]}")
        return UnknownWordError(f'"{word.text}" is not understood', self._place)
