"""One of the five fields of a cron expression: its syntax, and the values it matches (pure).

The syntax is that of crontab(5) and, where that is silent, of cronie's `entry.c`. `H` is taken
from Jenkins.
"""

import re
from collections.abc import Sequence

from scheduled.errors import ScheduleError, did_you_mean
from scheduled.quick_classes import dataclass
from scheduled.timing import hashed

# An `H` alone, or before its range or step; not the one in `THU`.
H = r"(?<!\w)H(?!\w)"


@dataclass(frozen=True)
class Field:
    """A field: what it is called, its range, and the names for its values, from `low` up."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    highest_hashed: int | None = None
    """The highest value that `H` may stand for; None: `high`."""

    def values(self, text: str) -> set[int]:
        """Return the values that a list such as `1-5,10-20/2` matches."""
        return {value for element in text.split(",") for value in self._element(element)}

    def resolve_hash(self, element: str, seed: str) -> str:
        """Return `H`, `H/15` or `H(0-29)/10` as numbers, and any other element unchanged."""
        if not re.search(H, element):
            return element
        match = re.fullmatch(r"H(?:\(([^()]*-[^()]*)\))?(?:/(.*))?", element)
        if match is None:
            raise ScheduleError(
                f'{self.name} "{element}" is not understood; write H, H/15, H(0-29) or H(0-29)/10'
            )
        choices = self._element(match[1]) if match[1] is not None else self._hashed_range()
        step = self._step(element, match[2]) if match[2] is not None else len(choices)
        first = hashed.stable_choice(seed, self.name, min(step, len(choices)))
        return ",".join(map(str, choices[first::step]))

    def _hashed_range(self) -> range:
        high = self.high if self.highest_hashed is None else self.highest_hashed
        return range(self.low, high + 1)

    def _element(self, text: str) -> range:
        span, stepped, step = text.partition("/")
        start, ranged, end = span.partition("-")
        if span == "*":
            first, last = self.low, self.high
        else:
            first = self._value(start, text)
            last = self._value(end, text) if ranged else first
            if self.names is _WEEKDAYS and last == 0 < first:
                last = 7  # as in cronie: fri-sun and 6-0 end on Sunday
        if stepped and not ranged and span != "*":
            raise ScheduleError(
                f"{self.name} {text}: a step needs a range, {start}-{self.high}/{step} or */{step}"
            )
        if first > last:
            raise ScheduleError(
                f"{self.name} {span} runs backwards;"
                f" write {start}-{self.high},{self.low}-{end} if it is to wrap around"
            )
        return range(first, last + 1, self._step(text, step) if stepped else 1)

    def _value(self, text: str, element: str) -> int:
        name = text.lower()
        if name in self.names:
            return self.low + self.names.index(name)
        if "~" in text:
            low, high = text.split("~", 1)
            raise ScheduleError(
                f'{self.name} "{text}" is not understood; a value that is chosen once is'
                f" written H({low or self.low}-{high or self.high})"
            )
        if not text.isdigit():
            hint = suggestion(text, self.names, self._forms())
            raise ScheduleError(f'{self.name} "{text or element}" is not understood{hint}')
        if len(text) > 4 or not self.low <= int(text) <= self.high:
            raise ScheduleError(f"{self.name} {text} is out of range {self.low}-{self.high}")
        return int(text)

    def _step(self, text: str, step: str) -> int:
        if not step.isdigit() or len(step) > 4 or int(step) == 0:
            raise ScheduleError(f"{self.name} {text}: the step must be a number from 1 to 9999")
        return int(step)

    def _forms(self) -> str:
        names = f", {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{names}, a list 1,3, a range 1-3, * or */2"


MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""The names of months and weekdays, in English whatever the locale is; cron's week begins so."""
_MONTHS, _WEEKDAYS = (tuple(name[:3].lower() for name in names) for names in (MONTHS, WEEKDAYS))
FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day-of-month", 1, 31, highest_hashed=28),  # as in Jenkins: every month has a 28th
    Field("month", 1, 12, _MONTHS),
    Field("day-of-week", 0, 7, _WEEKDAYS, highest_hashed=6),
)


def suggestion(word: str, names: Sequence[str], forms: str) -> str:
    """Return the end of a sentence about `word`: the closest name, also if it is its beginning.

    `monday` is close to `mon`, `september` begins with `sep`. If there is none, it is `forms`.
    """
    in_full = (f"did you mean {name}?" for name in names if word.lower().startswith(name))
    return did_you_mean(word, names, next(in_full, f"write {forms}"))
