"""How many errors and warnings a log reported in each second.

A busy log has some in every second of an hour. So they are kept as columns of numbers: adding them
up, saving and loading them then takes no step of its own for each second.
"""

import binascii
from array import array
from bisect import bisect_left, bisect_right

from scheduled.quick_classes import NamedTuple

Found = dict[int, list[int]]
"""Errors and warnings by the second they were reported in, since the epoch."""

_NUMBER = "q"
_NONE: "array[int]" = array(_NUMBER)


class LogCounts(NamedTuple):
    """Errors and warnings by second, each once, oldest first."""

    seconds: "array[int]" = _NONE
    errors: "array[int]" = _NONE
    warnings: "array[int]" = _NONE

    @classmethod
    def load(cls, text: str) -> "LogCounts":
        """Return what `text` keeps. Raises ValueError if it is damaged."""
        numbers = array(_NUMBER)
        numbers.frombytes(binascii.a2b_base64(text, strict_mode=True))
        length, rest = divmod(len(numbers), 3)
        if rest:
            raise ValueError("not three numbers for each second")
        return cls(numbers[:length], numbers[length : 2 * length], numbers[2 * length :])

    def text(self) -> str:
        """Return the counts as text that this machine can load."""
        numbers = self.seconds + self.errors + self.warnings
        return binascii.b2a_base64(numbers, newline=False).decode("ascii")

    def plus(self, found: Found) -> "LogCounts":
        """Return these counts and what was found besides."""
        if not found:
            return self
        # Logs are in the order of time, so as a rule what was added is newer than nearly all.
        start = bisect_left(self.seconds, min(found))
        newest = {second: [*pair] for second, pair in found.items()}
        for second, errors, warnings in zip(*(column[start:] for column in self), strict=True):
            pair = newest.setdefault(second, [0, 0])
            pair[0] += errors
            pair[1] += warnings
        seconds = sorted(newest)
        return LogCounts(
            self.seconds[:start] + array(_NUMBER, seconds),
            self.errors[:start] + array(_NUMBER, [newest[second][0] for second in seconds]),
            self.warnings[:start] + array(_NUMBER, [newest[second][1] for second in seconds]),
        )

    def since(self, second: float) -> "LogCounts":
        """Return the counts after an instant."""
        start = bisect_right(self.seconds, second)
        return LogCounts(*(column[start:] for column in self))

    def between(self, after: float, until: float) -> tuple[int, int]:
        """Return how many errors and warnings were reported after one instant, until another."""
        part = slice(bisect_right(self.seconds, after), bisect_right(self.seconds, until))
        return sum(self.errors[part]), sum(self.warnings[part])
