"""On which days a job may run, and what becomes of a slot on another day (pure).

Such a slot is left out, or moved to the next or the previous day on which the job may run. Days are
those of the wall clock, counted as `date.toordinal` does.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from zlib import crc32

from scheduled.timing.day_words import DaySet, name_of, of_ranges

SKIP, NEXT, PREVIOUS = "skip", "next", "previous"
FARTHEST = 5 * 366
"""So many days away a day to run on is looked for."""
YEARS_BEHIND, YEARS_AHEAD = 1, 2
"""The days of so many years before and after the present one are kept in the state."""
Word = tuple[str, DaySet]
"""A word of `not_on` or `only_on`, and the days that it stands for."""


class DayRule:
    """The days of `not_on` and `only_on`, and which way a slot on another day is moved.

    Two rules are equal if their words, days and moves are. `made_of` is the same for two rules
    whose words and calendars are, whatever years have been looked up in these.
    """

    __slots__ = ("_hash", "is_inverted", "made_of", "move", "not_on", "only_on")

    def __init__(
        self,
        not_on: Iterable[Word] = (),
        only_on: Iterable[Word] = (),
        move: str = SKIP,
        *,
        is_inverted: bool = False,
        made_of: str = "",
    ) -> None:
        self.not_on, self.only_on, self.move = tuple(not_on), tuple(only_on), str(move)
        self.is_inverted = is_inverted
        self.made_of = made_of
        self._hash = hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return self.not_on, self.only_on, self.move, self.is_inverted

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, DayRule) and self._key == other._key)

    @property
    def fingerprint(self) -> str:
        """What changes with the words, the content of the calendars, and the move."""
        return f"{crc32(f'{self.move} {self.made_of}'.encode()):08x}"

    def inverted(self) -> "DayRule":
        """Return the rule of the days on which slots are left out."""
        return DayRule(self.not_on, self.only_on, is_inverted=not self.is_inverted)

    def skipping(self) -> "DayRule":
        """Return the rule that leaves out what this one moves."""
        if self.move == SKIP:
            return self
        return DayRule(self.not_on, self.only_on, made_of=self.made_of)

    def allows(self, day: int) -> bool:
        """Return whether a job may run on a day."""
        return _allows(self, day)

    def reason(self, day: int) -> str:
        """Return why a job does not run on a day: `not_on: off, 2026-12-25`."""
        word = next((word for word, days in self.not_on if days.has(day)), None)
        if word is not None:
            return f"not_on: {_with_date(word, day)}"
        return f"only_on: {', '.join(word for word, _ in self.only_on)}; not {name_of(day)}"

    def following(self, day: int) -> int | None:
        """Return the first day after `day` that is allowed; None if that is five years away."""
        return _nearest(self, day, 1)

    def before(self, day: int) -> int | None:
        """Return the last day before `day` that is allowed; None if that is five years away."""
        return _nearest(self, day, -1)

    def target(self, day: int) -> int | None:
        """Return the day on which a slot of `day` runs; None if it is left out."""
        if self.allows(day):
            return day
        if self.move == NEXT:
            return self.following(day)
        return self.before(day) if self.move == PREVIOUS else None


def _with_date(word: str, day: int) -> str:
    name = name_of(day)
    return name if word == name else f"{word}, {name}"


@lru_cache(maxsize=65536)
def _allows(rule: DayRule, day: int) -> bool:
    is_allowed = (not rule.only_on or any(days.has(day) for _, days in rule.only_on)) and not any(
        days.has(day) for _, days in rule.not_on
    )
    return is_allowed != rule.is_inverted


@lru_cache(maxsize=4096)
def _nearest(rule: DayRule, day: int, step: int) -> int | None:
    for count in range(1, FARTHEST + 1):
        if rule.allows(day + count * step):
            return day + count * step
    return None


@lru_cache(maxsize=1024)
def written(rule: DayRule | None, year: int) -> str:
    """Return the days around `year` and the move as a text, which `read` makes a rule again.

    So the state can tell which slots there were before a calendar was changed. At its end stands
    what the days are made of, for `is_current`.
    """
    if rule is None:
        return ""
    first = date(year - YEARS_BEHIND, 1, 1).toordinal()
    size = date(year + YEARS_AHEAD + 1, 1, 1).toordinal() - first
    digits = "".join("01"[rule.allows(day)] for day in range(first, first + size))
    return f"{rule.move} {name_of(first)} {size} {int(digits, 2):x} {rule.fingerprint}"


def is_current(text: str, rule: DayRule | None, year: int) -> bool:
    """Return whether `written` wrote a text for a rule with the same words and calendars.

    It has to cover the years before and after `year`, or it is to be written anew.
    """
    if rule is None:
        return not text
    if not text.endswith(f" {rule.fingerprint}"):
        return False
    _, start, size, _ = text.split(" ", 3)
    first = date.fromisoformat(start)
    last = date.fromordinal(first.toordinal() + int(size) - 1)
    return first.year < year < last.year


@lru_cache(maxsize=1024)
def read(text: str) -> DayRule | None:
    """Return the rule that `written` wrote; None for '' and for what it did not write.

    On days that it does not cover a job may run.
    """
    try:
        move, start, size, digits, *_ = text.split()
        first, bits = date.fromisoformat(start).toordinal(), f"{int(digits, 16):0{int(size)}b}"
    except ValueError:
        return None
    away = ((first + place, first + place) for place, bit in enumerate(bits) if bit == "0")
    return DayRule([("", of_ranges(away))], move=move)
