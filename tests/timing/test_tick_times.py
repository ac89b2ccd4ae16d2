"""When ticks come over a stretch of time."""

from datetime import timedelta

from scheduled.timing.tick_times import Outage, TickTimeline
from tests.builders.jobs import at

QUARTER = timedelta(minutes=15)


def timeline(
    start: str = "10:05", end: str = "12:00", *outages: Outage, zone: str = "UTC"
) -> TickTimeline:
    return TickTimeline(at(start), at(end), QUARTER, zone, outages)


def test_ticks_come_at_the_quarters_wherever_the_stretch_begins() -> None:
    assert timeline().first(at("10:05")) == at("10:15")
    assert timeline().first(at("10:15")) == at("10:15")
    assert timeline().first(at("10:15:01")) == at("10:30")


def test_ticks_count_from_midnight_and_not_from_the_start() -> None:
    quarterly = TickTimeline(at("10:00"), at("23:00"), timedelta(hours=6), "UTC")

    assert quarterly.first(at("10:00")) == at("12:00")
    assert quarterly.before(at("18:00")) == at("12:00")
    assert quarterly.before(at("12:00")) is None


def test_ticks_count_from_the_midnight_of_the_zone() -> None:
    kathmandu = TickTimeline(at("10:00"), at("12:00"), timedelta(hours=1), "Asia/Kathmandu")

    assert kathmandu.first(at("10:00")) == at("10:15")


def test_no_tick_comes_before_the_start_nor_at_the_end() -> None:
    assert timeline().first(at("08:00")) == at("10:15")
    assert timeline().first(at("11:45:01")) is None


def test_an_outage_swallows_the_ticks_in_it_and_not_the_one_at_its_end() -> None:
    struck = timeline("10:00", "12:00", Outage(at("10:15"), at("11:00")))

    assert struck.first(at("10:01")) == at("11:00")
    assert struck.before(at("11:00")) == at("10:00")


def test_outages_may_overlap_and_end_between_ticks() -> None:
    ragged = (Outage(at("10:10"), at("10:40")), Outage(at("10:35"), at("11:05")))
    struck = timeline("10:00", "12:00", *ragged)

    assert struck.first(at("10:01")) == at("11:15")
    assert struck.before(at("11:15")) == at("10:00")
    assert struck.before(at("10:00")) is None


def test_an_outage_until_the_end_leaves_no_tick() -> None:
    struck = timeline("10:00", "12:00", Outage(at("10:10"), at("12:00")))

    assert struck.first(at("10:00")) == at("10:00")
    assert struck.first(at("10:01")) is None


def test_an_outage_from_before_the_start_leaves_no_tick_before_its_end() -> None:
    struck = timeline("10:05", "12:00", Outage(at("09:00"), at("11:00")))

    assert struck.first(at("10:05")) == at("11:00")
    assert struck.before(at("11:00")) is None


def test_a_silence_is_the_outages_only_where_one_lies_between_the_ticks() -> None:
    struck = timeline("10:00", "12:00", Outage(at("10:15"), at("11:00")))

    assert struck.has_outage_between(at("10:00"), at("11:00"))
    assert not struck.has_outage_between(at("11:00"), at("11:15"))


def test_an_outage_that_lasts_to_the_end_leaves_no_tick() -> None:
    struck = timeline("10:00", "12:00", Outage(at("11:00"), at("13:00")))

    assert struck.first(at("11:10")) is None
