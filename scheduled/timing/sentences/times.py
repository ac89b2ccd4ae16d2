"""The times in a schedule in words: `8:00 and 17:30`, `between 9 and 17`, `:15 and :45` (pure)."""

from scheduled.errors import ScheduleError
from scheduled.timing.sentences.parts import Cursor
from scheduled.timing.sentences.words import MONTHS, RANGE_SIGNS, UNITS, Token


class TimeReader(Cursor):
    """Reads times."""

    def __init__(self, words: list[Token]) -> None:
        super().__init__(words)
        self._when = self.parts.when
        """What had been said of its days before its times."""

    def _at(self) -> None:
        self._take()
        if self._next().text in ("minute", "minutes") and self._next(1).kind == "number":
            self._take()
            self._minutes()
        elif self._next().kind == "minute":
            self._minutes()
        elif self._next().text == "night" and self.parts.times:
            self.parts.day_part = self._take().text
        elif self._next().kind in ("time", "number"):
            self._times()
        else:
            raise self._unknown()

    def _minutes(self) -> None:
        """Read minutes of each hour: `:15 and :45`."""
        while self._next().kind in ("minute", "number"):
            word = self._take()
            if word.value > 59:
                raise ScheduleError(f"{word.text} is not a minute of an hour")
            self.parts.minutes.append(word.value)
            ahead = 0
            while self._is_time_between(ahead):
                ahead += 1
            if not ahead or self._next(ahead).kind != "minute":
                return
            self._place += ahead

    def _times(self) -> None:
        """Read times of day; after `at`, a number is an hour."""
        if self._next().kind == "time" and self._is_span():
            self._span(*RANGE_SIGNS)
            return
        if self.parts.times and self.parts.when != self._when:
            raise ScheduleError(
                "times in two places: does each have days of its own? write a job for each, or all"
                " days first and then all times"
            )
        self._when = self.parts.when
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

    def _is_span(self) -> bool:
        return self._next(1).text in RANGE_SIGNS and self._next(2).kind in ("time", "number")

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
