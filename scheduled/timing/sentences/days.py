"""The days in a schedule in words: `last fri`, `1st and 15th`, `mon-thu`, `24 dec` (pure)."""

from collections.abc import Iterator

from scheduled.errors import ScheduleError
from scheduled.timing.sentences.parts import Cursor
from scheduled.timing.sentences.words import MONTHS, RANGE_SIGNS, WEEKDAYS, WEEKENDS, Token, joined


class DayReader(Cursor):
    """Reads days."""

    def _ordinals(self, *, is_every: bool = False) -> None:
        """Read `1st and 15th`, `last fri`, `first and third monday`, `last day`, `last 5 days`."""
        if self._next(1).kind == "number" and self._next(2).text == "days":
            self._several_days()
            return
        first, found = self._next(), self._ordinal_or_range()
        is_apart = False
        while ahead := self._after_and():
            if self._next(ahead).kind != "ordinal" and self._next(ahead).text != "last":
                break
            is_apart |= first.text[0].isdigit() and self._next(ahead).text.isalpha() and ahead > 1
            self._place += ahead
            found += self._ordinal_or_range()
        self._refuse_weeks(first)
        if is_apart and self._next().text in WEEKDAYS:
            name = self._next().text
            raise ScheduleError(
                f"the {first.text} day of the month, or the {first.text} {name}? write two jobs, or"
                f' "{first.text} and last {name}" without a second "the"'
            )
        if self._next().text in WEEKDAYS:
            self._nth_weekdays(found, is_every=is_every)
        elif self._is_workday():
            self._nth_workdays(found)
        elif self._next().text in MONTHS or self._is_of_named_month():
            self._days_of_months(found)
        elif self._skip("day", "days") or self._is_of() or all(each > 0 for each in found):
            self.parts.days += [_day(each) for each in found]
        else:
            raise self._unknown()

    def _is_of(self) -> bool:
        return self._next().text == "of"

    def _refuse_weeks(self, first: Token) -> None:
        """Refuse `first weekend`, `first week`: a week may begin in another month."""
        if self._next().text in WEEKENDS:
            raise ScheduleError(
                f"which days are the {first.text} weekend? write one like"
                f' "{first.text} saturday of the month"'
            )
        if self._next().text == "week" and not self._is_workday():
            raise ScheduleError(
                f"which days are the {first.text} week? write one like"
                ' "first 7 days of the month" or "first monday of the month"'
            )

    def _ordinal_or_range(self) -> list[int]:
        """Return which: `2nd`, or all of `1st-5th`."""
        first = self._ordinal()
        if self._next().text not in RANGE_SIGNS or self._next(1).kind != "ordinal":
            return [first]
        self._take()
        return _span(first, self._ordinal())

    def _several_days(self) -> None:
        """Read `last 5 days` and `first 7 days`."""
        word, count = self._take(), self._take().value
        self._take()
        if word.text not in ("first", "last") or not 1 <= count <= 31:
            raise ScheduleError(
                f"{word.text} {count} days: only the first or the last can be several"
            )
        numbers = range(1, count + 1) if word.text == "first" else range(1 - count, 1)
        self.parts.days += [_day(number) for number in numbers]
        self.parts.of = self.parts.of or "month"

    def _ordinal(self) -> int:
        """Return which: 2 for the second, 0 for the last, -1 for the one before the last."""
        word = self._take()
        if word.text == "last":
            return 0
        _refuse_zero(word)
        if self._next().text == "to" and self._next(1).text == "last":
            self._place += 2
            return 1 - word.value
        if self._next(1).text == "last":
            self._skip("-")
        return 1 - word.value if self._skip("last") else word.value

    def _nth_weekdays(self, found: list[int], *, is_every: bool) -> None:
        first = self._place
        if any(not 0 <= each <= 5 for each in found):
            name = self._next().text
            raise ScheduleError(
                "a month has a first to fifth and a last of each weekday; write one like"
                f' "first {name} of the month" or "last {name} of the month"'
            )
        weekdays = self._names_of_weekdays()
        if is_every and any(each > 1 for each in found):
            self.parts.ambiguous = joined(self._words[first - 1 : self._place])
        self.parts.weekdays += [
            f"{day}#{each}" if each else f"{day}L" for day in weekdays for each in found
        ]

    def _nth_workdays(self, found: list[int]) -> None:
        if any(each not in (0, 1) for each in found):
            raise ScheduleError(
                "of the weekdays of a month, only the first and the last can be meant; write"
                ' "first weekday of the month" or "last weekday of the month"'
            )
        self._take_workday()
        self.parts.days += ["1W" if each else "LW" for each in found]
        self.parts.of = self.parts.of or "month"

    def _weekdays(self) -> None:
        if self._is_workday() or self._next().text in WEEKENDS:
            self._kind_of_days()
        else:
            self.parts.weekdays += map(str, self._names_of_weekdays())

    def _kind_of_days(self) -> None:
        if self._skip(*WEEKENDS):
            self.parts.weekdays += ["0", "6"]
            return
        self._take_workday()
        if self._next().text in ("nearest", "closest"):
            self._take()
            self._nearest_day()
        else:
            self.parts.weekdays += map(str, range(1, 6))

    def _nearest(self) -> None:
        """Read `nearest weekday to the 15th`."""
        self._take()
        if not self._is_workday():
            raise self._unknown()
        self._take_workday()
        self._nearest_day()

    def _nearest_day(self) -> None:
        while self._skip("to", "the"):
            pass
        if self._next().kind != "ordinal":
            raise self._unknown()
        _refuse_zero(self._next())
        self.parts.days.append(f"{_day(self._take().value)}W")

    def _names_of_weekdays(self) -> list[int]:
        """Return the weekdays of `mon,thu`, `monday and thursday`, `mon-fri`, `mon to fri`."""
        found: list[int] = []
        while self._next().text in WEEKDAYS:
            first = WEEKDAYS[self._take().text]
            last = first
            if self._next(1).text in WEEKDAYS and self._skip(*RANGE_SIGNS):
                last = WEEKDAYS[self._take().text]
            found += [(first + number) % 7 for number in range((last - first) % 7 + 1)]
            ahead = self._after_and()
            if self._next(ahead).text not in WEEKDAYS:
                break
            self._place += ahead
        return found

    def _is_of_named_month(self) -> bool:
        return self._next().text == "of" and self._next(1).text in MONTHS

    def _days_of_months(self, found: list[int]) -> None:
        """Read the months that follow days: `1st of january`, `24th december and 31st december`."""
        self._skip("of")
        for month in self._names_of_months():
            self._add_dates(month, found)

    def _add_dates(self, month: int, days: list[int]) -> None:
        if any(day < 1 for day in days):
            self.parts.days += [_day(day) for day in days]
            self.parts.months.append(month)
        else:
            self.parts.dates += [(month, day) for day in days]

    def _names_of_months(self) -> Iterator[int]:
        while self._next().text in MONTHS:
            first = MONTHS[self._take().text]
            last = first
            if self._next(1).text in MONTHS and self._skip(*RANGE_SIGNS):
                last = MONTHS[self._take().text]
            yield from ((first + number - 1) % 12 + 1 for number in range((last - first) % 12 + 1))
            if self._is_between(0) and self._next(1).text in MONTHS and not self._is_day(2):
                self._place += 1

    def _is_day(self, ahead: int) -> bool:
        word = self._next(ahead)
        return word.kind == "ordinal" or (word.kind == "number" and 1 <= word.value <= 31)

    def _month_and_day(self) -> None:
        """Read `jan 1`, `1 jan`, `july 4th`, or months alone."""
        if self._next().kind == "number":
            day = self._take().value
            self.parts.dates += [(month, day) for month in self._names_of_months()]
            return
        months = [*self._names_of_months()]
        if len(months) == 1 and self._is_day(0):
            self.parts.dates.append((months[0], self._take().value))
        else:
            self.parts.months += months

    def _day_number(self) -> None:
        """Read `day 15` and `days 1 and 15`, or a `day` that says nothing more."""
        self._take()
        while self._next().kind == "number":
            _refuse_zero(self._next())
            first = self._take().value
            last = first
            if self._next().text in RANGE_SIGNS and self._next(1).kind == "number":
                self._take()
                last = self._take().value
            self.parts.days += [_day(number) for number in _span(first, last)]
            if self._is_between(0) and self._next(1).kind == "number":
                self._place += 1

    def _before_last(self) -> None:
        """Read `3 days before the last day`, `3 days before the end`."""
        count = self._take().value
        self._take()
        if not self._skip("before"):
            raise self._unknown()
        self._skip("the")
        if self._skip("last"):
            self._skip("day")
        elif not self._skip("end"):
            raise self._unknown()
        self.parts.days.append(_day(-count))

    def _end(self) -> None:
        self._take()
        self.parts.days.append("L")
        if self._next().text != "of":
            raise self._unknown()


def _span(first: int, last: int) -> list[int]:
    """Return all from the first to the last."""
    if not 0 < first <= last:
        raise ScheduleError(f"{first} to {last} runs backwards; write the days one by one")
    return [*range(first, min(last, 99) + 1)]


def _refuse_zero(word: Token) -> None:
    """Refuse what somebody has typed as `0` or `0th`; here, 0 is the last."""
    if not word.value:
        raise ScheduleError(f"{word.text}: days are counted from 1; the last one is `last`")


def _day(number: int) -> str:
    """Return a day of the month as `month_days` has it; 0 is the last, -1 the one before."""
    if not -30 <= number <= 31:
        raise ScheduleError(f"{abs(number)} is not a day of a month")
    return str(number) if number > 0 else f"L{number}" if number else "L"
