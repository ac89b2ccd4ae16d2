"""Schedules in words, `every 2 weeks on mon,thu at 09:00 from 2026-11-30`: their grammar (pure).

A sentence says which days, at what times, and where it matters from which date it is counted. Its
parts may come in any order; `meaning` makes a schedule of them. What could mean two things is
refused with both; for what is not understood, the nearest sentence that is understood is named.
"""

from collections.abc import Callable, Iterator
from datetime import date

from scheduled.errors import ScheduleError, closest
from scheduled.timing.schedule import Recurrence
from scheduled.timing.sentences.days import DayReader
from scheduled.timing.sentences.parts import (
    AMBIGUOUS,
    EXAMPLES,
    SINGLE,
    SINGLE_RUN,
    Parts,
    UnknownWordError,
)
from scheduled.timing.sentences.times import TimeReader
from scheduled.timing.sentences.words import (
    DAY_PARTS,
    EACH,
    END,
    FILLERS,
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
_LOOSE = {"the", "and", "of", ","}
"""Words that say nothing if nothing follows; after `at`, a time is missing."""
_ALIKE = 0.7
"""How much a word has to be like a known one; `easter` is no `quarter`."""
_START = {"from", "since", "starting", "beginning", "counted"}


def parse(text: str) -> str | Recurrence | None:
    """Return five fields or a recurrence; None for what is no sentence, or a mere period or time.

    Raise ScheduleError for a sentence that is not understood, with what to write.
    """
    words = tokens(text)
    if not words or not any(map(_is_telling, words)):
        return None
    try:
        return _meaning(words)
    except UnknownWordError as error:
        nearest = _nearest(words, error)
        advice = f'write "{nearest}"' if nearest else EXAMPLES
        separator = " and" if ";" in str(error) else ";"
        raise ScheduleError(f"{error}{separator} {advice}") from None


def _is_telling(word: Token) -> bool:
    """Return whether a word shows that a text is a sentence."""
    is_known = word.text in VOCABULARY or word.text in AMBIGUOUS or word.text in SINGLE
    return word.kind == "time" or (is_known and word.text != "to")


def _meaning(words: list[Token]) -> str | Recurrence | None:
    from scheduled.timing.sentences import meaning

    parts = _Reader(words).read()
    return meaning.of(parts, joined(words))


def _nearest(words: list[Token], error: UnknownWordError) -> str:
    """Return the sentence with another word in that place, or without it, or ending before it."""
    for each in _tried(words, error):
        try:
            if each and _meaning(each) is not None:
                return joined(each)
        except ScheduleError:
            continue
    return ""


def _tried(words: list[Token], error: UnknownWordError) -> Iterator[list[Token]]:
    """Yield sentences that say what was meant, as far as that is known."""
    place = error.place
    before, after = words[:place], words[max(error.end, place + 1) :]
    trimmed = before
    while trimmed and trimmed[-1].text in _JOINING:
        trimmed = trimmed[:-1]
    if error.end:
        has_time = any(word.kind == "time" for word in words[place : error.end])
        yield [] if has_time else [*trimmed, *after]  # whose time is it?
    elif place == len(words):
        yield trimmed if before[-1].text in _LOOSE else []
    elif words[place].text in FILLERS:
        yield [*before, *after]
    elif words[place].kind == "number" and words[place].value < 24:
        yield [*before, Token("word", "at"), words[place], *after]
    elif meant := closest(words[place].text, VOCABULARY, cutoff=_ALIKE):
        yield [*before, *(tokens(meant) or []), *after]


class _Reader(DayReader, TimeReader):
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
            case "minute":
                self._minutes()
            case "number" if self._next(1).text in ("times", "x"):
                self._times_a()
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
        elif text in DAY_PARTS and (self.parts.weekdays or self.parts.times):
            self.parts.day_part = self._take().text
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
            self._every_number()
        elif word is END:
            raise self._unknown()

    def _every_number(self) -> None:
        """Read `every 25 dec`; a number of what nothing is known of says nothing."""
        word, after = self._next(), self._next(1).text
        if after in MONTHS:
            self._month_and_day()
        elif after in ("second", "seconds", "sec", "secs"):
            raise ScheduleError(
                "an interval is at least a minute: scheduled is called once a minute at most;"
                " write every 1m"
            )
        else:
            raise ScheduleError(f"{word.text} of what? for minutes, write every {word.text}m")

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
        """Read `once a week`, `twice a day`, `3 times a day`: all have to be said."""
        word = self._take()
        count = {"once": 1, "twice": 2}.get(word.text, word.value)
        self._skip("times", "x")
        self._skip("a", "per", "every", "each")
        text = self._next().text
        unit = UNITS.get(text) or EACH.get(text)
        if unit not in ("day", "week", "month") and not (unit and count == 1):
            raise self._unknown()
        self._take()
        self._set_unit(1, unit)
        self.parts.count = count

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
        is_first = self._place == 0
        self._take()
        while self._skip("the", "each", "every", "a"):
            pass
        if is_first and self._next().kind == "number" and self._next(1).text in UNITS:
            raise ScheduleError(f"{joined(self._words)}: {SINGLE_RUN}")
        unit = UNITS.get(self._next().text)
        if unit in ("month", "quarter", "year"):
            self._take()
            self.parts.of = unit
        elif self._next().text == "other" and self._next(1).text in UNITS:
            self._take()
            self._counted(2)
        elif self._next().kind == "number" and self._next(1).text in UNITS:
            self._counted(self._take().value)
        elif self._next().text in DAY_PARTS and self.parts.times:
            self.parts.day_part = self._take().text
        elif self._next().text not in MONTHS:
            raise self._unknown()

    def _is_of_month(self, ahead: int) -> bool:
        """Return whether `of the month` follows: the 3rd day of it, not every third day."""
        return self._next(ahead).text in ("of", "in")

    def _start(self) -> None:
        """Read the date after `from`, or weekdays or hours from one to another."""
        self._take()
        while self._skip("from", "on", "at", "the"):
            pass
        word = self._next()
        if word.kind == "date":
            self._date()
            if self._next().text in RANGE_SIGNS and self._next(1).kind == "date":
                raise self._last_date()
        elif word.text in WEEKDAYS:
            self._weekdays()
        elif word.text in MONTHS and self._next(1).text in RANGE_SIGNS:
            self._month_and_day()
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
