"""Days of five fields that are counted from the end of a month, or by its weekdays."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing import expression, slots
from scheduled.timing.fingerprint import fingerprint

NOW = datetime(2027, 1, 1, tzinfo=UTC)  # a Friday


def days(text: str, count: int = 4, zone: str = "UTC") -> list[str]:
    schedule = expression.parse(text, zone)
    found = islice(slots.between(schedule, NOW - timedelta(seconds=1), slots.LAST, NOW), count)
    return [f"{slot:%m-%d}" for slot in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "0 6 L * *": "01-31 02-28 03-31 04-30",
        "0 6 L-0 * *": "01-31 02-28 03-31 04-30",
        "0 6 L-3 * *": "01-28 02-25 03-28 04-27",
        "0 6 l-30 * *": "01-01 03-01 05-01 07-01",
        "0 6 LW * *": "01-29 02-26 03-31 04-30",
        "0 6 L-1W * *": "01-29 02-26 03-30 04-29",
        "0 6 15W * *": "01-15 02-15 03-15 04-15",
        "0 6 16W * *": "01-15 02-16 03-16 04-16",
        "0 6 W17 * *": "01-18 02-17 03-17 04-16",
        "0 6 1W 5,8 *": "05-03 08-02 05-01 08-01",  # not in the month before
        "0 6 31W 1,5,10 *": "01-29 05-31 10-29 01-31",  # not in the month after
        "0 6 31W 1-4 *": "01-29 03-31 01-31 03-31",  # April has no 31st
        "0 6 1,15,L * *": "01-01 01-15 01-31 02-01",
        "0 6 28-30,L 2,3 *": "02-28 03-28 03-29 03-30",
        "0 6 * * MON#1": "01-04 02-01 03-01 04-05",
        "0 6 * * 7#2": "01-10 02-14 03-14 04-11",
        "0 6 * * fri#5": "01-29 04-30 07-30 10-29",
        "0 6 * * 5L": "01-29 02-26 03-26 04-30",
        "0 6 * * FRIL": "01-29 02-26 03-26 04-30",
        "0 6 * * L5": "01-29 02-26 03-26 04-30",
        "0 6 * * MON#1,5L": "01-04 01-29 02-01 02-26",
        "0 6 * 2 SUN,WED#1": "02-03 02-07 02-14 02-21",
    }.items(),
)
def test_e1_days_that_plain_fields_cannot_say(text: str, expected: str) -> None:
    assert days(text) == expected.split()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 6 L-0 * *", "0 6 l * *"),
        ("0 6 15,L,1 * *", "0 6 1,15,L * *"),
        ("0 6 W15 * *", "0 6 15w * *"),
        ("0 6 * * MON#1", "0 6 * * 1#1"),
        ("0 6 * * 7L", "0 6 * * SUNL"),
        ("0 6 * * L5", "0 6 * * FRIL"),
        ("*/30 6 L 1-12 *", "0-59/30 6 L * *"),
    ],
)
def test_e1_another_spelling_is_the_same_schedule(one: str, other: str) -> None:
    first, second = expression.parse(one, "UTC"), expression.parse(other, "UTC")

    assert days(one) == days(other)
    if "/" not in one:  # a minute that begins with a star follows elapsed time
        assert fingerprint(first) == fingerprint(second)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 6 L * 1", '"0 6 L * *" and only_on: [mon]; for those that match either, write two'),
        ("0 6 L * 1", 'two jobs, "0 6 L * *" and "0 6 * * 1"'),
        ("0 6 15W * mon-fri", "only_on: [mon, tue, wed, thu, fri]"),
        ("0 6 1-7 * MON#1", '"0 6 * * MON#1" and only_on:'),
        ("0 6 */2 * MON#1", "only one of them can be given"),
        ("0 0 L-31 * *", "L-31 is out of range L-0 to L-30"),
        ("0 0 32W * *", "32 is out of range 1-31"),
        ("0 0 0W * *", "0 is out of range 1-31"),
        ("0 0 15-20W * *", 'day-of-month "15-20W" is not understood; write 15, L, L-3'),
        ("0 0 1-L * *", 'day-of-month "1-L" is not understood'),
        ("0 0 L/2 * *", 'day-of-month "L/2" is not understood'),
        ("0 0 WL * *", 'day-of-month "WL" is not understood'),
        ("0 0 L, * *", 'day-of-month "" is not understood'),
        ("0 0 * * L", "write SAT for each Saturday, or FRIL for the last Friday"),
        ("0 0 * * MON#6", "a month has at most five of a weekday"),
        ("0 0 * * MON#0", "a month has at most five of a weekday"),
        ("0 0 * * MON#L", 'day-of-week "MON#L" is not understood; write MONL'),
        ("0 0 * * MON#-1", "write MONL"),
        ("0 0 * * LFRI", "write FRIL"),
        ("0 0 * * MON-WED#2", "write a list, MON#2,TUE#2,WED#2"),
        ("0 0 * * SAT-SUNL", "write a list, SUNL,SATL"),
        ("0 0 * * 8#1", 'day-of-week "8#1" is not understood; write MON#1 for the first Monday'),
        ("0 0 30W 2 *", "never fires"),
        ("0 0 L-29 2 *", "never fires"),
        ("0 0 * 2 MON#5", "never fires, or not once in five years"),
        ("0 0 L 13 *", "month 13 is out of range 1-12"),
        ("60 0 L * *", "minute 60 is out of range 0-59"),
    ],
)
def test_e1_what_has_no_meaning_is_refused_with_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        expression.parse(text, "UTC")

    assert sentence in str(refused.value)


def test_e1_a_hashed_time_goes_with_a_counted_day() -> None:
    schedule = expression.parse("H H(0-5) L * *", "UTC", seed="machine job")

    assert schedule.text.endswith(" L * *")
    assert schedule.kind == "cron"
    assert days(schedule.text) == ["01-31", "02-28", "03-31", "04-30"]


def test_e1_debians_rule_holds_on_the_last_sunday_of_march() -> None:
    fixed = expression.parse("30 2 * 3 SUNL", "Europe/Berlin")
    elapsed = expression.parse("*/30 2 * 3,10 SUNL", "Europe/Berlin")
    after = datetime(2027, 3, 1, tzinfo=UTC)

    assert slots.following(fixed, after, NOW) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert list(slots.between(elapsed, after, after + timedelta(days=300), NOW)) == [
        datetime(2027, 10, 31, hour, minute, tzinfo=UTC) for hour in (0, 1) for minute in (0, 30)
    ]
    assert slots.latest(elapsed, after, NOW) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_e1_a_month_has_a_nearest_weekday_of_its_own() -> None:
    for year in range(2020, 2050):
        for number in range(1, 29):
            schedule = expression.parse(f"0 0 {number}W 6 *", "UTC")
            slot = slots.following(schedule, datetime(year, 5, 31, tzinfo=UTC), NOW)

            assert slot is not None
            assert slot.isoweekday() < 6
            assert abs(slot.date() - date(year, 6, number)) <= timedelta(days=1 + (number == 1))
