"""Where instants lie in a picture, and what stands above it."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduled.views.page.pictures import timeline
from scheduled.views.page.pictures.timeline import Window

BERLIN = ZoneInfo("Europe/Berlin")
BEIRUT = ZoneInfo("Asia/Beirut")


def window(start: str, end: str) -> Window:
    return Window(*(datetime.fromisoformat(text).timestamp() for text in (start, end)))


DAY = window("2026-10-30T13:32+00:00", "2026-10-31T13:32+00:00")
WEEK = window("2026-10-24T13:32+00:00", "2026-10-31T13:32+00:00")


def test_what_is_outside_lies_at_the_nearer_end() -> None:
    noon = Window(0.0, 200.0)

    assert [noon.x(at) for at in (-5.0, 0.0, 50.0, 200.0, 1e9)] == [0.0, 0.0, 25.0, 100.0, 100.0]
    assert noon.width(-100.0, 20.0) == 10.0


def test_hours_are_those_of_the_wall_clock_and_the_day_is_named() -> None:
    labels = [tick.label for tick in timeline.hours(DAY, BERLIN, 3)]

    assert labels == ["15:00", "18:00", "21:00", "Sat 31", "03:00", "06:00", "09:00", "12:00"]


def test_days_begin_at_midnight_of_the_zone_whatever_the_clocks_do() -> None:
    found = [timeline.local(at, BERLIN) for at in timeline.day_starts(WEEK, BERLIN)]

    assert [day.day for day in found] == [25, 26, 27, 28, 29, 30, 31]
    assert {(day.hour, day.minute) for day in found} == {(0, 0)}
    widths = [later - day for day, later in pairwise(found)]
    assert [width.days for width in widths] == [1] * 6  # on the clock; the first has 25 hours
    assert (found[1].timestamp() - found[0].timestamp()) / 3600 == 25


def test_a_day_without_a_midnight_begins_when_it_does() -> None:
    spring = window("2026-03-28T12:00+00:00", "2026-03-29T12:00+00:00")  # 00:00 becomes 01:00

    (start,) = timeline.day_starts(spring, BEIRUT)

    assert timeline.local(start, BEIRUT).isoformat() == "2026-03-29T01:00:00+03:00"


def test_a_change_of_the_clocks_is_said_with_how_long_the_day_is() -> None:
    (change,) = timeline.changes(WEEK, BERLIN)

    assert change.words == "Clocks went back Sun 25 Oct at 03:00 to 02:00: that day has 25 h"
    assert change.x == WEEK.x(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp())
    assert timeline.changes(WEEK, ZoneInfo("UTC")) == []


@pytest.mark.parametrize(
    ("zone", "start", "words"),
    [
        ("Europe/Berlin", "2026-03-28", "forward Sun 29 Mar at 02:00 to 03:00: that day has 23 h"),
        (
            "Australia/Lord_Howe",
            "2026-04-04",
            "back Sun 5 Apr at 02:00 to 01:30: that day has 24.5",
        ),
    ],
)
def test_clocks_may_go_forward_or_by_half_an_hour(zone: str, start: str, words: str) -> None:
    days = window(f"{start}T06:00+00:00", f"{start[:-2]}{int(start[-2:]) + 2:02}T06:00+00:00")

    (change,) = timeline.changes(days, ZoneInfo(zone))

    assert words in change.words


def test_labels_have_room_on_a_phone_and_days_go_first() -> None:
    for tall in (DAY, WEEK, window("2026-10-01T13:32+00:00", "2026-10-31T13:32+00:00")):
        for ticks in (timeline.hours(tall, BERLIN, 1), timeline.weeks(tall, BERLIN)):
            at = sorted(tick.x for tick in ticks if tick.label)
            assert all(later - x >= timeline.APART for x, later in pairwise(at))
    assert "Sat 31" in [tick.label for tick in timeline.hours(DAY, BERLIN, 1)]


def test_a_quarter_lies_on_the_day_that_has_begun() -> None:
    day_of = timeline.day_of([9000.0, 18000.0])

    assert [day_of(quarter) for quarter in (0, 9, 10, 19, 20)] == [0, 0, 1, 1, 2]
