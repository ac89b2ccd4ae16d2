"""What readers of calendars share: the years that count, and how they say what is wrong."""

from datetime import date

from scheduled.quick_classes import NamedTuple

BEHIND, AHEAD = 1, 6
"""So many years before and after the present one events and holidays are looked up."""


class InvalidCalendar(Exception):  # noqa: N818 - never shown as it is
    """What is wrong with a calendar, in which line of its file, and what to do."""

    def __init__(self, sentence: str, line: int = 0, *, is_costly: bool = False) -> None:
        super().__init__(sentence)
        self.line = line
        self.is_costly = is_costly
        """Whether it took long to find out, and is so as long as the file is the same."""


class Span(NamedTuple):
    """The years in which events and holidays are looked up."""

    first: int
    last: int

    @classmethod
    def around(cls, year: int) -> "Span":
        """Return the years around the present one."""
        return cls(year - BEHIND, year + AHEAD)

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.first, 1, 1)

    @property
    def end(self) -> date:
        """The day after the last one."""
        return date(self.last + 1, 1, 1)
