"""Times as people type them, against a clock that is looked at each minute.

The oracle knows the rule as it is written and nothing else: a time is when the clock first shows it
or a later one. It is blind to offsets, gaps and second passes.
"""

import random
import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

from scheduled.timing import time_words
from scheduled.timing.instants import format_utc
from scheduled.timing.time_words import AHEAD, BACK, UnreadableTimeError
from scheduled.timing.timezones import zone_info
from tests.builders import soak
from tests.builders.jobs import at

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Europe/Dublin",  # negative DST: winter is the exception there
    "Australia/Lord_Howe",  # 30 minutes
    "Antarctica/Troll",  # two hours
    "Africa/Casablanca",  # back and forth for Ramadan
    "America/Havana",  # at midnight
    "Africa/Cairo",
    "Asia/Kathmandu",
    "EST5EDT,M3.2.0,M11.1.0",
    "Pacific/Apia",  # has no 30 December 2011
)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
REACH = 15 * DAY
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Watched:
    """What the clock of a zone showed last of all, at each minute around a time."""

    def __init__(self, zone: str, now: datetime) -> None:
        start = now.replace(second=0) - REACH
        self.minutes = [start + number * MINUTE for number in range(2 * REACH // MINUTE)]
        info = zone_info(zone)
        shown = (minute.astimezone(info).replace(tzinfo=None) for minute in self.minutes)
        self.latest = list(accumulate(shown, max))

    def first(self, day: date, clock: time) -> datetime:
        """When the clock first shows a time or a later one."""
        return self.minutes[bisect_left(self.latest, datetime.combine(day, clock))]


@cache
def changes(zone: str) -> list[datetime]:
    info, start = zone_info(zone), datetime(2011, 1, 1, tzinfo=UTC)
    days = [start + number * DAY for number in range(16 * 366)]
    offsets = [day.astimezone(info).utcoffset() for day in days]
    return [day for day, a, b in zip(days, offsets, offsets[1:], strict=False) if a != b] or days


def around_changes(dice: random.Random) -> Iterator[tuple[str, datetime, Watched]]:
    """Yield times around some changes of each zone's clock."""
    for zone in ZONES:
        for change in dice.choices(changes(zone), k=soak.count(2, 20)):
            watched = Watched(zone, change)
            for _ in range(40):
                shift = timedelta(seconds=dice.randrange(-2 * 86_400, 3 * 86_400, 30))
                yield zone, change + shift, watched


def nearest(instants: list[datetime], now: datetime, direction: int) -> datetime:
    if direction == BACK:
        return max(instant for instant in instants if instant <= now)
    return min(instant for instant in instants if instant > now)


def test_e14_times_are_when_the_clock_first_shows_them_or_a_later_one() -> None:
    dice = random.Random(20261130)
    for zone, now, watched in around_changes(dice):
        today = now.astimezone(zone_info(zone)).date()
        clock = time(
            dice.randrange(24) if dice.random() < 0.5 else dice.randrange(4), dice.randrange(60)
        )
        written, weekday = f"{clock:%H:%M}", dice.randrange(7)
        days = [today + number * DAY for number in range(-9, 10)]
        named = [day for day in days if day.weekday() == weekday]
        fixed: dict[str, date] = {
            f"tomorrow {written}": today + DAY,
            f"yesterday at {written}": today - DAY,
            f"{written} today": today,
            f"next {NAMES[weekday]} {written}": min(day for day in named if day > today),
            f"last {NAMES[weekday]} {written}": max(day for day in named if day < today),
            f"{today + DAY} {written}": today + DAY,
            f"{today + DAY}T{written}:00": today + DAY,
            f"{NAMES[days[3].weekday()]} {days[3].day} {days[3]:%b} {days[3].year} {written}": days[
                3
            ],
        }

        for direction in (BACK, AHEAD):
            for text, day in fixed.items():
                expected = watched.first(day, clock)
                assert time_words.instant(text, now, zone, direction) == expected, (text, zone, now)
            for text, days_meant in ((written, days), (f"{NAMES[weekday]} {written}", named)):
                expected = nearest(
                    [watched.first(day, clock) for day in days_meant], now, direction
                )
                assert time_words.instant(text, now, zone, direction) == expected, (text, zone, now)


NOW = at("2026-11-30T04:46:00")  # a Monday, 5:46 in Berlin
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "back", "ahead"),
    [
        ("now", "2026-11-30 05:46", "2026-11-30 05:46"),
        ("today", "2026-11-30 00:00", "2026-11-30 00:00"),
        ("Yesterday", "2026-11-29 00:00", "2026-11-29 00:00"),
        ("tomorrow 8:00", "2026-12-01 08:00", "2026-12-01 08:00"),
        ("tomorrow, at 8 p.m.", "2026-12-01 20:00", "2026-12-01 20:00"),
        ("8pm", "2026-11-29 20:00", "2026-11-30 20:00"),
        ("12am", "2026-11-30 00:00", "2026-12-01 00:00"),
        ("12:30 PM", "2026-11-29 12:30", "2026-11-30 12:30"),
        ("noon", "2026-11-29 12:00", "2026-11-30 12:00"),
        ("noon tomorrow", "2026-12-01 12:00", "2026-12-01 12:00"),
        ("midnight", "2026-11-30 00:00", "2026-12-01 00:00"),
        ("mon", "2026-11-30 00:00", "2026-12-07 00:00"),
        ("Monday 9:00", "2026-11-23 09:00", "2026-11-30 09:00"),
        ("next mon 9:00", "2026-12-07 09:00", "2026-12-07 09:00"),
        ("last fri", "2026-11-27 00:00", "2026-11-27 00:00"),
        ("on fri at 9:00", "2026-11-27 09:00", "2026-12-04 09:00"),
        ("1h30m", "2026-11-30 04:16", "2026-11-30 07:16"),
        ("in 2h", "2026-11-30 07:46", "2026-11-30 07:46"),
        ("2 days from now", "2026-12-02 05:46", "2026-12-02 05:46"),
        ("1 hour ago", "2026-11-30 04:46", "2026-11-30 04:46"),
        ("an hour ago", "2026-11-30 04:46", "2026-11-30 04:46"),
        ("2 hours and 30 minutes", "2026-11-30 03:16", "2026-11-30 08:16"),
        ("-90m", "2026-11-30 04:16", "2026-11-30 04:16"),
        ("2026-12-24", "2026-12-24 00:00", "2026-12-24 00:00"),
        ("2026-12-24 8pm", "2026-12-24 20:00", "2026-12-24 20:00"),
        ("2026-12-24T07:00:00Z", "2026-12-24 08:00", "2026-12-24 08:00"),
        ("2026-12-24 07:00-05:00", "2026-12-24 13:00", "2026-12-24 13:00"),
        ("20261224T0700", "2026-12-24 07:00", "2026-12-24 07:00"),
        ("2026-W48-1", "2026-11-23 00:00", "2026-11-23 00:00"),
        ("@1790000000", "2026-09-21 16:13:20", "2026-09-21 16:13:20"),
        ("1790000000", "2026-09-21 16:13:20", "2026-09-21 16:13:20"),
        # as this program prints times
        ("Sun 22 Nov 02:30", "2026-11-22 02:30", None),
        ("Tue 1 Dec 08:00", None, "2026-12-01 08:00"),
        ("28 Mar 03:00+02:00", "2026-03-28 02:00", "2027-03-28 03:00+02:00"),
        ("2026-11-21 07:02 UTC", "2026-11-21 08:02", "2026-11-21 08:02"),
        ("29 feb", "2024-02-29 00:00", "2028-02-29 00:00"),
    ],
)
def test_e14_words_mean_what_people_mean_by_them(
    text: str, back: str | None, ahead: str | None
) -> None:
    for direction, expected in ((BACK, back), (AHEAD, ahead)):
        if expected is not None:
            moment = datetime.fromisoformat(expected)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(BERLIN))
            assert time_words.instant(text, NOW, BERLIN, direction) == moment


UNREADABLE = (
    "", "8", "24:00", "8:60", "8:0", "13pm", "0am", "5/6", "5.6.2026", "2026-12", "2026-02-30",
    "2026-11-21 24:00", "2026-11-21T", "1 month", "2y", "30m 1h", "in 2h ago", "--2h", "2h 2h",
    "eight", "mon tue", "next tomorrow", "sat 22 nov 2026", "30 feb", "today yesterday",
    "\u0668:\u0660\u0660", "8:00 8:00", "@", "@1e9", "99999999999999", "9999-12-31", "999999w",
    "0001-01-01", "1" * 5000, "h", "ago", "\0",
)  # fmt: skip


@pytest.mark.parametrize("text", UNREADABLE, ids=lambda text: repr(text[:20]))
def test_e14_what_is_no_time_or_may_be_two_is_refused(text: str) -> None:
    for direction in (BACK, AHEAD):
        with pytest.raises(UnreadableTimeError):
            time_words.instant(text, NOW, BERLIN, direction)


def read(text: str, direction: int = AHEAD) -> datetime | None:
    try:
        return time_words.instant(text, NOW, BERLIN, direction)
    except UnreadableTimeError:
        return None


def length(text: str) -> timedelta | None:
    try:
        return time_words.duration(text)
    except UnreadableTimeError:
        return None


def test_whatever_is_typed_means_one_time_or_is_refused() -> None:
    dice = random.Random(14)
    words = re.split(
        " ",
        "now 8:00 8pm 2h in ago next last mon fri 22 nov 2026 today tomorrow at on from noon - + @"
        " / . : , T Z +01:00 2026-11-21 0 99 1h30m an 5 m month utc 2:30 feb 29 p.m.",
    )
    times = lengths = 0
    for _ in range(soak.count(4_000, 100_000)):
        text = dice.choice((" ", "")).join(dice.choices(words, k=dice.randrange(1, 6)))
        found, long = read(text), length(text)
        if found is not None:
            times += 1
            assert read(format_utc(found)) == found, text
            assert read(f" {text.upper().replace(' ', '  ')}  ") == found, text
            back = read(text, BACK)
            assert back in (None, found) or back <= NOW < found, text
        if long is not None and re.search("[a-z]", text):
            lengths += 1
            assert read(f"in {text}") == NOW + long, text
    assert times > 100
    assert lengths > 20


def test_the_origin_is_what_durations_times_of_day_and_weekdays_count_from() -> None:
    origin = at("2026-12-24T12:00:00")  # a Thursday

    def read_from(text: str) -> datetime:
        return time_words.instant(text, NOW, "UTC", AHEAD, origin)

    assert read_from("2h") == at("2026-12-24T14:00:00")
    assert read_from("8:00") == at("2026-12-25T08:00:00")
    assert read_from("mon") == at("2026-12-28T00:00:00")
    assert read_from("in 2h") == at("2026-11-30T06:46:00")
    assert read_from("tomorrow") == at("2026-12-01T00:00:00")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1h30m", 5400), ("2 days", 172_800), ("an hour", 3600), ("PT5M", 300), ("0s", 0)],
)
def test_e14_durations_may_be_words(text: str, seconds: int) -> None:
    assert time_words.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["tomorrow", "-2h", "2h ago", "8:00", "1 month", "", "9" * 13])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTimeError):
        time_words.duration(text)
