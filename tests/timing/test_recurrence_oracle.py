"""Days of months and schedules in words against a look at each day, and at each minute of it."""

import contextlib
import random
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from croniter import croniter

from scheduled.errors import ScheduleError
from scheduled.timing import expression, slots
from scheduled.timing.schedule import Schedule
from tests.builders import day_rules, soak
from tests.builders.day_rules import DAY, MINUTE, ZONES, Rule

START = datetime(2000, 1, 1, tzinfo=UTC)
CASES = soak.count(400, 10_000)  # in each direction
Case = tuple[Rule, Schedule, datetime]


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    return tuple(day_rules.changes(zone))


def some_instant(dice: random.Random, zone: str) -> datetime:
    """Mostly close to a clock change, on the minute or off it."""
    if not changes(zone) or dice.random() < 0.3:
        return START + dice.random() * 366 * 30 * DAY
    return dice.choice(changes(zone)) + dice.randint(-4320, 4320) * MINUTE / dice.choice([1, 1, 60])


class NeverFiresError(Exception):
    pass


def parsed(text: str, zone: str) -> Schedule:
    try:
        return expression.parse(text, zone)
    except ScheduleError as error:
        raise (NeverFiresError if "never fires" in str(error) else AssertionError)(text) from error


def cases(seed: int) -> list[Case]:
    dice, found = random.Random(seed), list[Case]()
    while len(found) < CASES:
        rule, zone = day_rules.some_rule(dice), dice.choice(ZONES)
        with contextlib.suppress(NeverFiresError):  # 29W in February
            found.append((rule, parsed(rule.text, zone), some_instant(dice, zone)))
    return found


@pytest.mark.slow
def test_e1_e2_the_next_slot_is_the_one_that_a_look_at_each_day_finds() -> None:
    for rule, schedule, after in cases(seed=1):
        expected = day_rules.next_slot(rule, schedule.zone, after)

        assert slots.following(schedule, after, START) == expected, (rule.text, schedule, after)


@pytest.mark.slow
def test_e1_e2_the_latest_slot_is_the_one_that_a_look_at_each_day_finds() -> None:
    for rule, schedule, now in cases(seed=2):
        slot, expected = (
            slots.latest(schedule, now, START),
            day_rules.last_slot(rule, schedule.zone, now),
        )

        assert slot == expected, (rule.text, schedule, now)


def test_e1_e2_back_and_forth_are_the_same_slots() -> None:
    for _, schedule, after in cases(seed=3)[:60]:
        ahead = slots.following(schedule, after, START)

        assert ahead is not None
        assert slots.latest(schedule, ahead, START) == ahead
        before = slots.latest(schedule, ahead - timedelta(microseconds=1), START)
        assert before is None or before <= after


@pytest.mark.parametrize(
    ("text", "of_croniter"),
    [
        ("0 6 L * *", "0 6 L * *"),
        ("0 6 1,15,L * *", "0 6 1,15,L * *"),
        ("0 6 15W * *", "0 6 15W * *"),
        ("0 6 1W * *", "0 6 1W * *"),
        ("0 6 28W * *", "0 6 28W * *"),
        ("0 6 LW * *", "0 6 31W * *"),  # croniter takes the last day for a 31st that is not there
        ("0 6 * * MON#1", "0 6 * * MON#1"),
        ("0 6 * * 3#2,5#4", "0 6 * * 3#2,5#4"),
        ("0 6 * * FRIL", "0 6 * * L5"),
        ("0 6 * * 1#1,5L", "0 6 * * 1#1,L5"),
        ("*/20 3 L 2,6 *", "*/20 3 L 2,6 *"),
    ],
)
def test_e1_croniter_finds_the_same_days_where_it_knows_the_form(
    text: str, of_croniter: str
) -> None:
    schedule, moment = expression.parse(text, "UTC"), datetime(2024, 1, 1)
    oracle = croniter(of_croniter, moment)
    for _ in range(150):
        expected = oracle.get_next(datetime).replace(tzinfo=UTC)

        assert slots.following(schedule, moment.replace(tzinfo=UTC), START) == expected
        moment = expected.replace(tzinfo=None)
    oracle = croniter(of_croniter, moment)
    for _ in range(150):
        expected = oracle.get_prev(datetime).replace(tzinfo=UTC)
        just_before = moment.replace(tzinfo=UTC) - timedelta(microseconds=1)

        assert slots.latest(schedule, just_before, START) == expected
        moment = expected.replace(tzinfo=None)
