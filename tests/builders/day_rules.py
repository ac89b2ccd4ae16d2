"""Random rules for days with their texts, and the days they match, by looking at each one.

Written without a look at how the program does it: a rule is a question about a date, and an instant
is found by watching a clock, minute by minute.
"""

import calendar
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Apia",  # has no 30 December 2011
)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NTH = ("first", "second", "third", "fourth", "fifth")
Question = Callable[[date], bool]


@dataclass(frozen=True)
class Rule:
    """A schedule as a text, and what it asks of a date and of the clock."""

    text: str
    is_on: Question
    times: frozenset[time]
    is_fixed: bool


def some_rule(dice: random.Random) -> Rule:
    """Return five fields with an L, W or #, or a sentence."""
    return dice.choice([_fields, _fields, _by_weeks, _by_months, _by_days, _in_words])(dice)


def next_slot(rule: Rule, zone: str, after: datetime) -> datetime:
    """Return the first instant after `after`, from a look at each day."""
    today = after.astimezone(ZoneInfo(zone)).date()
    for number in range(-3, 366 * 30):
        found = [slot for slot in instants_of(rule, zone, today + number * DAY) if slot > after]
        more = [
            slot for slot in instants_of(rule, zone, today + (number + 1) * DAY) if slot > after
        ]
        if found:
            return min(found + more)
    raise AssertionError(f"{rule.text}: nothing in 30 years")


def last_slot(rule: Rule, zone: str, until: datetime) -> datetime | None:
    """Return the last instant up to `until`; None if there is none in ten years."""
    today = until.astimezone(ZoneInfo(zone)).date()
    for number in range(-3, 366 * 10):
        found = [slot for slot in instants_of(rule, zone, today - number * DAY) if slot <= until]
        more = [
            slot for slot in instants_of(rule, zone, today - (number + 1) * DAY) if slot <= until
        ]
        if found:
            return max(found + more)
    return None


def instants_of(rule: Rule, zone: str, day: date) -> list[datetime]:
    """Return when the times of a day fire, if it is on."""
    if not rule.is_on(day):
        return []
    clock = watched(zone, day)
    if rule.is_fixed:
        return [_first_reached(clock, datetime.combine(day, at)) for at in rule.times]
    return [shown for shown, wall in clock if wall.date() == day and wall.time() in rule.times]


def _first_reached(clock: tuple[tuple[datetime, datetime], ...], wall: datetime) -> datetime:
    return next(instant for instant, shown in clock if shown >= wall)


@lru_cache(maxsize=500)  # of a day, some thousands of instants
def watched(zone: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """Return each minute of a day and of some hours around it, with what the clock shows."""
    start = datetime.combine(day, time(0), UTC) - 15 * timedelta(hours=1)
    minutes = [start + number * MINUTE for number in range(56 * 60)]
    info = ZoneInfo(zone)
    return tuple((minute, minute.astimezone(info).replace(tzinfo=None)) for minute in minutes)


# Dates


def last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def is_nearest_weekday(day: date, number: int) -> bool:
    """Whether no other Monday to Friday of its month is as near to the day of that number."""
    if not 1 <= number <= last_of(day):
        return False
    workdays = [
        other
        for other in range(1, last_of(day) + 1)
        if day.replace(day=other).weekday() not in (5, 6)
    ]
    return day.day == min(workdays, key=lambda other: abs(other - number))


def is_nth(day: date, weekday: int, number: int) -> bool:
    """Whether a day is that Monday of its month, -1 for the last."""
    same = [week[weekday] for week in calendar.monthcalendar(day.year, day.month) if week[weekday]]
    return same[number - 1 : number or None] == [day.day] if number > 0 else same[-1] == day.day


def weeks_between(day: date, other: date) -> int:
    """Return how many Mondays the week of one is away from that of the other."""
    mondays = [each - each.weekday() * DAY for each in (day, other)]
    return abs((mondays[0] - mondays[1]).days) // 7


# Rules


def _fields(dice: random.Random) -> Rule:
    text, times, is_fixed = _clock(dice)
    months = dice.choice([[*range(1, 13)]] * 5 + [[2], [3, 10], [1, 4, 7, 10], [3]])
    month = "*" if len(months) == 12 else ",".join(map(str, months))
    count = dice.choice([1, 1, 2, 3])
    if dice.random() < 0.6:
        chosen = [_day_of_month(dice) for _ in range(count)]
        days = f"{','.join(text for text, _ in chosen)} {month} *"
    else:
        chosen = [_day_of_week(dice) for _ in range(count)]
        days = f"* {month} {','.join(text for text, _ in chosen)}"

    def is_on(day: date) -> bool:
        return day.month in months and any(asks(day) for _, asks in chosen)

    return Rule(f"{text} {days}", is_on, times, is_fixed)


def _clock(dice: random.Random) -> tuple[str, frozenset[time], bool]:
    """Return minute and hour, leaning towards the hours when clocks change."""
    minute, minutes = dice.choice(
        [("0", [0]), ("30", [30]), ("*/20", [0, 20, 40]), ("59", [59]), ("5,45", [5, 45])]
    )
    hour, hours = dice.choice(
        [
            *(("0", [0]), ("2", [2]), ("1-3", [1, 2, 3]), ("*/6", [0, 6, 12, 18]), ("23", [23])),
            *(("*", [*range(24)]), ("0,1", [0, 1])),
        ]
    )
    times = frozenset(time(each, other) for each in hours for other in minutes)
    return f"{minute} {hour}", times, minute[0] != "*" and hour[0] != "*"


def _day_of_month(dice: random.Random) -> tuple[str, Question]:
    number = dice.randint(1, 31)
    few = dice.choice([1, 2, 3, 5, 27, 28])
    return dice.choice(
        [
            ("L", lambda day: day.day == last_of(day)),
            (f"L-{few}", lambda day: day.day == last_of(day) - few),
            ("LW", lambda day: is_nearest_weekday(day, last_of(day))),
            (f"L-{few}W", lambda day: is_nearest_weekday(day, last_of(day) - few)),
            (f"{number}W", lambda day: is_nearest_weekday(day, number)),
            (f"w{number}", lambda day: is_nearest_weekday(day, number)),
            ("15W", lambda day: is_nearest_weekday(day, 15)),
            ("1W", lambda day: is_nearest_weekday(day, 1)),
        ]
    )


def _day_of_week(dice: random.Random) -> tuple[str, Question]:
    weekday, number = dice.randint(0, 6), dice.randint(1, 4)
    name = dice.choice([NAMES[weekday], NAMES[weekday].upper(), str((weekday + 1) % 7)])
    last = dice.choice([f"{name}L", f"L{(weekday + 1) % 7}"])
    return dice.choice(
        [
            (f"{name}#{number}", lambda day: is_nth(day, weekday, number)),
            (last, lambda day: is_nth(day, weekday, -1)),
            (f"{name}#1", lambda day: is_nth(day, weekday, 1)),
        ]
    )


def _some_date(dice: random.Random) -> date:
    return date(2000, 1, 1) + dice.randint(0, 9000) * DAY


def _at(dice: random.Random) -> tuple[str, frozenset[time]]:
    hours = dice.sample([0, 1, 2, 3, 9, 23], dice.choice([1, 1, 2]))
    times = [time(hour, dice.choice([0, 30, 15])) for hour in hours]
    written = [
        dice.choice([f"{at:%H:%M}", f"{at.hour}:{at.minute:02}", f"{at:%I:%M%p}"]) for at in times
    ]
    return f"at {' and '.join(written)}", frozenset(times)


def _by_weeks(dice: random.Random) -> Rule:
    count, start, (at, times) = dice.randint(2, 9), _some_date(dice), _at(dice)
    weekdays = dice.sample(range(7), dice.randint(1, 3))
    names = ",".join(NAMES[weekday] for weekday in weekdays)
    every = "other" if count == 2 and dice.random() < 0.5 else count
    unit = "week" if every == "other" else "weeks"

    def is_on(day: date) -> bool:
        return day >= start and day.weekday() in weekdays and weeks_between(day, start) % count == 0

    return Rule(f"every {every} {unit} on {names} {at} from {start}", is_on, times, is_fixed=True)


def _by_months(dice: random.Random) -> Rule:
    count, start, (at, times) = dice.randint(2, 7), _some_date(dice), _at(dice)
    weekday, number = dice.randint(0, 6), dice.randint(1, 28)
    choices: list[tuple[str, Question]] = [
        (f"the {number}th", lambda day: day.day == number),
        ("the last day", lambda day: day.day == last_of(day)),
        (f"the last {NAMES[weekday]}", lambda day: is_nth(day, weekday, -1)),
        (f"the second {NAMES[weekday]}", lambda day: is_nth(day, weekday, 2)),
        ("the last weekday", lambda day: is_nearest_weekday(day, last_of(day))),
    ]
    written, asks = dice.choice(choices)

    def is_on(day: date) -> bool:
        months = 12 * (day.year - start.year) + day.month - start.month
        return day >= start and months % count == 0 and asks(day)

    return Rule(f"every {count} months on {written} {at} from {start}", is_on, times, is_fixed=True)


def _by_days(dice: random.Random) -> Rule:
    count, start, (at, times) = dice.randint(2, 40), _some_date(dice), _at(dice)

    def is_on(day: date) -> bool:
        return day >= start and (day - start).days % count == 0

    return Rule(f"every {count} days {at} from {start}", is_on, times, is_fixed=True)


def _in_words(dice: random.Random) -> Rule:
    (at, times), weekday, number = _at(dice), dice.randint(0, 6), dice.randint(1, 4)
    name, order = NAMES[weekday], NTH[number - 1]
    written, is_on = dice.choice(
        [
            ("every day", lambda day: True),
            ("every weekday", lambda day: day.weekday() < 5),
            ("weekends", lambda day: day.weekday() >= 5),
            (f"every {name}", lambda day: day.weekday() == weekday),
            (f"every month on the {order} {name}", lambda day: is_nth(day, weekday, number)),
            (f"the {order} {name} of each month", lambda day: is_nth(day, weekday, number)),
            (f"every month on the {number + 20}th", lambda day: day.day == number + 20),
            ("every month on the last day", lambda day: day.day == last_of(day)),
            ("every last weekday of the month", lambda day: is_nearest_weekday(day, last_of(day))),
            (
                "last day of each quarter",
                lambda day: day.month % 3 == 0 and day.day == last_of(day),
            ),
        ]
    )
    text = f"{written} {at}" if dice.random() < 0.7 else f"{at} {written}"
    return Rule(text, is_on, times, is_fixed=True)


def changes(zone: str) -> Iterator[datetime]:
    """Yield the days on which the clock of a zone is put forward or back, 2000 to 2030."""
    info, start = ZoneInfo(zone), datetime(2000, 1, 1, tzinfo=UTC)
    offsets = [(start + number * DAY).astimezone(info).utcoffset() for number in range(366 * 30)]
    for number, (offset, after) in enumerate(pairwise(offsets)):
        if offset != after:
            yield start + number * DAY
