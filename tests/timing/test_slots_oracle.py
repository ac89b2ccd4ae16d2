"""Slots against two oracles: cronsim, and the rule itself applied minute by minute.

cronsim implements Debian's rule on its own. Two predicates name the situations in which it loses
its way, and why; there the second oracle judges. That one walks through every minute and knows
the rule only as it is written, too simple to be wrong. There is no difference that is let pass.
"""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from scheduled.errors import ScheduleError
from scheduled.timing import expression, slots
from scheduled.timing.schedule import Schedule
from tests.builders import soak

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",  # negative DST: winter is the exception there
    "Australia/Lord_Howe",  # 30 minutes
    "Antarctica/Troll",  # two hours
    "Africa/Casablanca",  # back and forth for Ramadan
    "America/Santiago",  # at midnight, as the five that follow
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Tehran",
    "America/St_Johns",  # at 00:01 until 2011
    "Asia/Kathmandu",
    "Pacific/Apia",  # has no 30 December 2011
)
START, END = datetime(1990, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
RUN_UP = timedelta(hours=4)
CASES = soak.count(3_000, 10_500)  # in each direction


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The instants between START and END at which the clock of a zone is put forward or back."""
    days = [START + number * DAY for number in range((END - START).days)]
    return tuple(_change(zone, day) for day in days if offset(zone, day) != offset(zone, day + DAY))


def _change(zone: str, day: datetime) -> datetime:
    minutes = range(24 * 60 + 1)
    return next(
        day + minute * MINUTE
        for minute in minutes
        if offset(zone, day + minute * MINUTE) != offset(zone, day)
    )


def offset(zone: str, instant: datetime) -> timedelta | None:
    return instant.astimezone(ZoneInfo(zone)).utcoffset()


def wall_of(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def is_fixed(expression: str) -> bool:
    minute, hour = expression.split()[:2]
    return not minute.startswith("*") and not hour.startswith("*")


def walked(expression: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    """The slots in (after, until] by the letter of the rule, from a look at every minute.

    A fixed job fires for each time the clock reaches or passes for the first time, any other for
    each time the clock shows. No hour is repeated that is longer than the run-up.
    """
    fields = CronSim(expression, START)  # for its reading of the text only
    found = []
    instant = after.replace(second=0, microsecond=0) - RUN_UP
    highest = wall_of(instant, zone)
    while instant <= until:
        shown = wall_of(instant, zone)
        if is_fixed(expression):
            passed, highest = minutes_between(highest, shown), max(highest, shown)
        else:
            passed = [shown]
        if instant > after and any(matches(fields, wall) for wall in passed):
            found.append(instant)
        instant += MINUTE
    return found


def minutes_between(after: datetime, until: datetime) -> list[datetime]:
    return [after + number * MINUTE for number in range(1, (until - after) // MINUTE + 1)]


def matches(fields: CronSim, wall: datetime) -> bool:
    return (
        wall.minute in fields.minutes
        and wall.hour in fields.hours
        and wall.month in fields.months
        and fields.match_day(wall.date())
    )


def next_of_cronsim(expression: str, zone: str, after: datetime) -> datetime:
    """Passing over what it gives from the first pass when options from within the second."""
    found = CronSim(expression, after.astimezone(ZoneInfo(zone)))
    return next(slot for local in found if (slot := local.astimezone(UTC)) > after)


def latest_of_cronsim(expression: str, zone: str, now: datetime) -> datetime:
    including_now = now.replace(microsecond=1).astimezone(ZoneInfo(zone))
    return next(CronSim(expression, including_now, reverse=True)).astimezone(UTC)


def cronsim_drops_the_fold(expression: str, zone: str, now: datetime) -> bool:
    """Going back in the second pass it takes fixed jobs of the first for not yet reached."""
    return is_fixed(expression) and bool(now.astimezone(ZoneInfo(zone)).fold)


def cronsim_stumbles(expression: str, zone: str, start: datetime, end: datetime) -> bool:
    """Following elapsed time, it steps by hours and sets midnights without a look at the fold.

    So it goes wrong, or round in circles, at changes that touch midnight or are no whole hours.
    """
    return not is_fixed(expression) and any(
        start - DAY <= change <= end + DAY and touches_midnight_or_half_hour(zone, change)
        for change in changes(zone)
    )


@cache
def touches_midnight_or_half_hour(zone: str, change: datetime) -> bool:
    before = wall_of(change - MINUTE, zone) + MINUTE
    low, high = sorted([before, wall_of(change, zone)])
    midnight = low.date() != high.date() or low.hour == 0
    return midnight or (high - low) % timedelta(hours=1) != timedelta(0)


def some_expression(dice: random.Random) -> str:
    """Five fields, with a leaning towards what people write and the hours when clocks change."""
    return " ".join(
        dice.choice([*usual, str(dice.randint(low, high))])
        for usual, low, high in (
            (["0", "30", "*", "*/5", "*/20", "59", "0,30", "5-20/5"], 0, 59),
            (["*", "*/2", "*/6", "0", "1", "2", "3", "23", "0-4", "1,2", "0-23", "9-17"], 0, 23),
            (["*", "*", "*", "*", "31", "*/2", "29,30", "1-7", "1-31"], 1, 31),
            (["*", "*", "*", "*", "3", "10,11", "*/3", "feb", "4-9"], 1, 12),
            (["*", "*", "*", "*", "0", "7", "1-5", "sun", "*/2", "5-7", "1-7/2"], 0, 7),
        )
    )


def some_instant(dice: random.Random, zone: str) -> datetime:
    """Mostly close to a clock change, on the minute or off it."""
    if not changes(zone) or dice.random() < 0.2:
        return START + (END - START) * dice.random()
    distance = dice.randint(-2880, 2880) * MINUTE / dice.choice([1, 1, 8, 60])
    return dice.choice(changes(zone)) + distance


def some_schedule(dice: random.Random) -> Schedule:
    while True:
        try:
            return expression.parse(some_expression(dice), dice.choice(ZONES))
        except ScheduleError:  # 31 February
            continue


def cases(seed: int) -> list[tuple[Schedule, datetime]]:
    dice = random.Random(seed)
    schedules = [some_schedule(dice) for _ in range(CASES)]
    return [(schedule, some_instant(dice, schedule.zone)) for schedule in schedules]


@pytest.mark.slow
def test_the_next_slot_is_the_one_debian_would_fire() -> None:
    for schedule, after in cases(seed=1):
        text, zone = schedule.text, schedule.zone
        slot = slots.following(schedule, after, START)

        assert slot is not None
        if cronsim_stumbles(text, zone, after, slot):
            horizon = min(slot, after + DAY)
            expected = [slot] if slot <= horizon else []
            assert walked(text, zone, after, horizon) == expected, (text, zone, after)
        else:
            assert slot == next_of_cronsim(text, zone, after), (text, zone, after)


@pytest.mark.slow
def test_the_latest_slot_is_the_one_debian_would_have_fired() -> None:
    for schedule, now in cases(seed=2):
        text, zone = schedule.text, schedule.zone
        slot = slots.latest(schedule, now, START)

        assert slot is not None
        if cronsim_drops_the_fold(text, zone, now) or cronsim_stumbles(text, zone, slot, now):
            horizon = max(slot, now - DAY)
            expected = [slot] if slot == horizon else []
            just_before = horizon - timedelta(microseconds=1)
            assert walked(text, zone, just_before, now) == expected, (text, zone, now)
        else:
            assert slot == latest_of_cronsim(text, zone, now), (text, zone, now)


WALKED = (
    "0 0 * * *",
    "30 0,1,2,3 * * *",
    "0,15,30,45 0-23 * * *",
    "59 23 * * *",
    "1 0 * * 0",
    "*/20 * * * *",
    "* 1,2 * * *",
    "5 * * * *",
    "*/30 0 * * *",
    "45 */2 * * 6,0",
)


@pytest.mark.slow
@pytest.mark.parametrize("zone", [zone for zone in ZONES if changes(zone)])
def test_around_a_clock_change_every_slot_follows_the_rule(zone: str) -> None:
    for change in {*changes(zone)[:2], *changes(zone)[-2:]}:
        since, until = change - 1.2 * DAY, change + 1.2 * DAY
        for text in WALKED:
            schedule = expression.parse(text, zone)
            expected = walked(text, zone, since, until)

            assert list(slots.between(schedule, since, until, START)) == expected, text
            for older, newer in pairwise(expected):
                assert slots.latest(schedule, newer, START) == newer
                assert slots.latest(schedule, newer - MINUTE / 60, START) == older


def test_c3_a_posix_rule_has_the_slots_of_the_zone_it_describes() -> None:
    after, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    for text in ("30 2 * * *", "*/30 0-3 * 3,11 *", "at:2026-03-08T02:30:00"):
        by_rule = expression.parse(text, "EST5EDT,M3.2.0,M11.1.0")
        by_name = expression.parse(text, "America/New_York")

        expected = list(slots.between(by_name, after, until, START))

        assert expected
        assert list(slots.between(by_rule, after, until, START)) == expected, text
