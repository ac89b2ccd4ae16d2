"""What a schedule means: its form, its zone, and what limits the days and times of its job (pure).

`expression` makes these of texts, and refuses what is wrong or never fires; so `slots` can rely on
each of them.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from scheduled.quick_classes import dataclass, field


@dataclass(frozen=True)
class Cron:
    """Five fields as the values they match, ascending; some date that exists matches."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    """0 is Sunday, 6 is Saturday."""
    either_day: bool
    """Whether a day of the month *or* a weekday is enough: both are given without a leading `*`."""
    fixed: bool
    """Whether neither minute nor hour begins with `*`. cron shifts such a time at a DST change."""

    @property
    def expression(self) -> str:
        """The five fields in the simplest syntax: stars and lists of numbers."""
        days, weekdays = (31, 7) if not self.either_day else (None, None)
        return " ".join(
            "*" if len(values) == size else ",".join(map(str, values))
            for values, size in (
                (self.minutes, 60),
                (self.hours, 24),
                (self.days, days),
                (self.months, 12),
                (self.weekdays, weekdays),
            )
        )


@dataclass(frozen=True)
class Recurrence:
    """Times of day on days that plain fields cannot say; some date that exists matches.

    If neither days nor weekdays are given, each day matches, else those of either.
    """

    times: tuple[int, ...]
    """In minutes since midnight, ascending."""
    days: tuple[str, ...]
    """Of the month, as `month_days` has them: `1`, `15W`, `L`, `L-3`, `LW`."""
    weekdays: tuple[str, ...]
    """`1`, `1#2`, `5L`; 0 is Sunday."""
    months: tuple[int, ...]
    fixed: bool
    """As that of `Cron`."""
    every: int = 1
    unit: Literal["", "day", "week", "month", "year"] = ""
    """Only every so many of them match, counted from `start`; a week begins on Monday."""
    start: date | None = None
    """No day before it matches."""


@dataclass(frozen=True)
class Interval:
    """A period of elapsed time, counted from an anchor; at least a minute."""

    period: timedelta


@dataclass(frozen=True)
class Once:
    """One instant: aware, or naive on the wall clock of the schedule's zone."""

    moment: datetime


@dataclass(frozen=True)
class Boot:
    """Once each time the machine starts; `planning.reboot` finds out when that was."""


Form = Cron | Recurrence | Interval | Once | Boot


def origin(anchor: datetime) -> datetime:
    """Return the minute of `anchor`, from which the periods of an interval are counted."""
    return anchor.astimezone(UTC).replace(second=0, microsecond=0)


@dataclass(frozen=True)
class Schedule:
    """A valid schedule: its text and its zone. Two are equal if all but the form are."""

    text: str
    """With a number in the place of each `H`, so that jobs with the same numbers are equal."""
    zone: str
    """IANA name."""
    form: Form = field(compare=False, repr=False)
    days: Any = field(default=None, repr=False)
    """The `day_rule.DayRule` of its job; None: it runs on any day."""
    bounds: Any = field(default=None, repr=False)
    """The `bounds.Bounds` within which its job has slots; None: at any time."""

    def __hash__(self) -> int:
        return self._hash  # it is a key in many caches, which thousands of jobs ask

    @cached_property
    def _hash(self) -> int:
        return hash((self.text, self.zone))

    @property
    def kind(self) -> Literal["cron", "interval", "once", "reboot"]:
        """The form as a word, for listings and JSON."""
        match self.form:
            case Cron() | Recurrence():
                return "cron"
            case Interval():
                return "interval"
            case Once():
                return "once"
            case _:
                return "reboot"
