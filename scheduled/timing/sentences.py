"""Schedules in words, `every 2 weeks on mon,thu at 09:00 from 2026-11-30`: their grammar (pure).

A sentence says which days, at what times, and where it matters from which date it is counted. Its
parts may come in any order. `sentence_meaning` makes a schedule of them. What could mean two things
is refused with both; for what is not understood, the nearest sentence that is understood is named.
"""

from collections.abc import Callable
from datetime import date

from scheduled.errors import ScheduleError, closest
from scheduled.timing.expression import Recurrence
from scheduled.timing.sentence_days import DayReader
from scheduled.timing.sentence_parts import EXAMPLES, Parts, UnknownWordError
from scheduled.timing.sentence_words import (
    DAY_PARTS,
    EACH,
    END,
    MONTHS,
    RANGE_SIGNS,
    UNITS,
    VOCABULARY,
    WEEKDAYS,
    WEEKENDS,
    WORKDAYS,
    Token,
    joined,
    tokens,
)

_SKIPPED = {"on", "the", "and", "run", "runs", "also"}
_JOINING = {"on", "the", "and", "in", "of", "at", ","}
_START = {"from", "since", "starting", "beginning", "counted"}


def parse(text: str) -> str | Recurrence | None:
    """Return five fields or a recurrence; None for what is no sentence, or a mere period.

    Raise ScheduleError for a sentence that is not understood, with what to write.
    """
    words = tokens(text)
    if not words or not any(word.text in VOCABULARY and word.text != "to" for word in words):
        return None
    try:
        return _meaning(words)
    except UnknownWordError as error:
        nearest = _nearest(words, error)
        advice = f'write "{nearest}"' if nearest else EXAMPLES
        separator = " and" if ";" in str(error) else ";"
        raise ScheduleError(f"{error}{separator} {advice}") from None


def _meaning(words: list[Token]) -> str | Recurrence | None:
    from scheduled.timing import sentence_meaning

    parts = _Reader(words).read()
    return sentence_meaning.of(parts, joined(words))


def _nearest(words: list[Token], error: UnknownWordError) -> str:
    """Return the sentence with another word in that place, or without it, or ending before it."""
    before, word, after = (
        words[: error.place],
        words[error.place : error.place + 1],
        words[error.place + 1 :],
    )
    if word and word[0].text in RANGE_SIGNS:
        return ""  # without it, the sentence would name both ends alone
    meant = closest(word[0].text, VOCABULARY) if word else None
    tried = [[*before, *(tokens(meant) or []), *after]] if meant else []
    while before and before[-1].text in _JOINING:
        before = before[:-1]
    for each in [before] if error.is_last else [*tried, [*before, *after], before]:
        try:
            if each and _meaning(each) is not None:
                return joined(each)
        except ScheduleError:
            continue
    return ""


class _Reader(DayReader):
    """Reads the words of a sentence from left to right."""

    def __init__(self, words: list[Token]) -> None:
        super().__init__(words)
        self._readers: dict[str, Callable[[], None]] = {
            **dict.fromkeys(("every", "each"), self._every),
            **dict.fromkeys(("of", "in"), self._of),
            **dict.fromkeys(("day", "days"), self._day_number),
            **dict.fromkeys(("nearest", "closest"), self._nearest),
            **dict.fromkeys(("working", "business"), self._weekdays),
            **dict.fromkeys(("once", "twice"), self._times_a),
            "last": self._ordinals,
            "end": self._end,
            "at": self._at,
            "between": self._between,
        }

    def read(self) -> Parts:
        while self._next() is not END:
            before = self._place
            self._part()
            if self._place == before:
                raise self._unknown()
        return self.parts

    def _part(self) -> None:
        word = self._next()
        match word.kind:
            case "time":
                self._times()
            case "ordinal":
                self._ordinals()
            case "number" if self._next(1).text in MONTHS:
                self._month_and_day()
            case "number" if self._next(1).text in ("day", "days"):
                self._before_last()
            case "comma":
                self._place += 1
            case "date":
                raise ScheduleError(
                    f'{word.text}: a single run is written "at:{word.text}T09:00"; a date to count'
                    ' from stands after "from"'
                )
            case "word":
                self._word(word.text)
            case _:
                raise self._unknown()

    def _word(self, text: str) -> None:
        read = self._readers.get(text)
        if read is not None:
            read()
        elif text in WEEKDAYS or text in WORKDAYS or text in WEEKENDS:
            self._weekdays()
        elif text in MONTHS:
            self._month_and_day()
        elif text in EACH:
            self._take()
            self._set_unit(2 if text == "fortnightly" else 1, EACH[text])
        elif text in _START:
            self._start()
        elif text in _SKIPPED:
            self._place += 1
        else:
            raise self._unknown()

    def _every(self) -> None:
        """Read what follows `every`: a unit, or days, or which of them."""
        self._take()
        word = self._next()
        if word.text == "other" or (word.kind == "number" and self._next(1).text in UNITS):
            self._take()
            count = 2 if word.text == "other" else word.value
            self._counted(count)
        elif word.kind == "ordinal" and self._next(1).text in UNITS and not self._is_of_month(2):
            self._take()
            self._counted(word.value)
        elif word.text in UNITS:
            self._counted(1)
        elif word.kind == "time" or word.text == "at":
            self._set_unit(1, "day")
        elif word.text in DAY_PARTS:
            self.parts.day_part = self._take().text
            self._set_unit(1, "day")
        elif word.text == "fortnight":
            self._take()
            self._set_unit(2, "week")
        elif word.kind == "ordinal" or word.text == "last":
            self._ordinals(is_every=True)
        elif word.kind == "number":
            raise ScheduleError(f"{word.text} of what? for minutes, write every {word.text}m")
        elif word is END:
            raise self._unknown()

    def _counted(self, count: int) -> None:
        """Read a unit, or weekdays, of which there is one every `count`."""
        unit = UNITS.get(self._next().text)
        if count < 1:
            raise ScheduleError(f"every {count}: nothing is counted; {EXAMPLES}")
        if unit is not None:
            self._take()
            self._set_unit(count, unit)
        elif self._next().text in WEEKDAYS:
            self._set_unit(count, "week")
            self._weekdays()
        else:
            raise self._unknown()

    def _times_a(self) -> None:
        """Read `once a week`, `twice a day`: of the latter, both times have to be said."""
        is_once = self._take().text == "once"
        self._skip("a", "per", "every", "each")
        unit = UNITS.get(self._next().text)
        if unit is None or not (is_once or unit == "day"):
            raise self._unknown()
        self._take()
        self._set_unit(1, unit)
        self.parts.count = 1 if is_once else 2

    def _set_unit(self, every: int, unit: str) -> None:
        if self.parts.unit == "day" and self.parts.every == 1:
            self.parts.unit = ""  # `daily every 2 hours` says no more than the second
        if self.parts.unit and (self.parts.every, self.parts.unit) != (every, unit):
            if self.parts.every == 1 and self.parts.unit in ("week", "month", "year"):
                raise ScheduleError(f"every {self.parts.unit} or every {unit}? {EXAMPLES}")
            raise ScheduleError(f"two periods in one sentence; {EXAMPLES}")
        self.parts.every, self.parts.unit = every, unit

    def _of(self) -> None:
        """Read `of the month`, `of each quarter`, `in january and july`."""
        self._take()
        while self._skip("the", "each", "every", "a"):
            pass
        unit = UNITS.get(self._next().text)
        if unit in ("month", "quarter", "year"):
            self._take()
            self.parts.of = unit
        elif self._next().text == "other" and self._next(1).text in UNITS:
            self._take()
            self._counted(2)
        elif self._next().kind == "number" and self._next(1).text in UNITS:
            self._counted(self._take().value)
        elif self._next().text not in MONTHS:
            raise self._unknown()

    def _is_of_month(self, ahead: int) -> bool:
        """Return whether `of the month` follows: the 3rd day of it, not every third day."""
        return self._next(ahead).text in ("of", "in")

    def _at(self) -> None:
        self._take()
        if self._next().kind not in ("time", "number"):
            raise self._unknown()
        self._times()

    def _times(self) -> None:
        """Read times of day; after `at`, a number is an hour."""
        while True:
            self.parts.times.append(self._time())
            ahead = 0
            while self._is_time_between(ahead):
                ahead += 1
            is_time = self._next(ahead).kind == "time" or (
                self._next(ahead).kind == "number" and not self._is_counting(ahead)
            )
            if not ahead or not is_time:
                return
            self._place += ahead

    def _is_time_between(self, ahead: int) -> bool:
        word = self._next(ahead)
        return word.kind == "comma" or word.text in ("and", "at")

    def _is_counting(self, ahead: int) -> bool:
        """Return whether a number counts what follows it, or is a day of a month."""
        after = self._next(ahead + 1).text
        return after in UNITS or after in MONTHS

    def _time(self) -> int:
        word = self._next()
        if word.kind == "time":
            return self._take().value
        if word.kind != "number" or word.value > 23 or not word.text.isdigit():
            raise ScheduleError(
                f"{word.text or 'at'} is not a time of day; write 8:00, 8am or noon"
            )
        return 60 * self._take().value

    def _between(self) -> None:
        self._take()
        self._span("and", "to", "-")

    def _span(self, *words: str) -> None:
        first = self._time()
        if not self._skip(*words):
            raise self._unknown()
        self.parts.span = (first, self._time())

    def _start(self) -> None:
        """Read the date after `from`, or weekdays or hours from one to another."""
        self._take()
        while self._skip("from", "on", "at", "the"):
            pass
        word = self._next()
        if word.kind == "date":
            self._date()
        elif word.text in WEEKDAYS:
            self._weekdays()
        elif word.kind in ("time", "number") and not self._is_counting(0):
            self._span("to", "until", "till", "-")
        else:
            what = f'"{word.text}" is not a date' if word is not END else "no date"
            raise ScheduleError(f"{what}; write one like 2026-11-30")

    def _date(self) -> None:
        word = self._take()
        if self.parts.start is not None:
            raise ScheduleError(f"two dates in one sentence; {EXAMPLES}")
        try:
            self.parts.start = date.fromisoformat(word.text)
        except ValueError:
            raise ScheduleError(f"{word.text} is not a date; write one like 2026-11-30") from None
        if not 1970 <= self.parts.start.year < 8900:
            raise ScheduleError(f"year {self.parts.start.year} is out of range 1970-8899")
