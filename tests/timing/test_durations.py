"""The grammar of durations, and that every place which takes a duration takes all of it."""

import re
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.cli import when
from scheduled.config import converters
from scheduled.config.yaml_document import Node
from scheduled.errors import UsageError
from scheduled.state import tick_interval
from scheduled.timing import durations, expression
from scheduled.timing.schedule import Interval
from tests.builders.jobs import at

WITH_UNITS = {
    "90s": 90,
    "10m": 600,
    "2h": 7200,
    "1d": 86_400,
    "2w": 1_209_600,
    "1h30m": 5400,
    "1w2d3h4m5s": 788_645,
    "1d 12h": 129_600,
    "1.5h": 5400,
    "1.1h": 3960,
    "2 h": 7200,
    "5 H": 18_000,
    "0090s": 90,
}
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
each_duration = pytest.mark.parametrize(("text", "seconds"), WITH_UNITS.items())


@each_duration
def test_a_duration_is_a_sum_of_numbers_with_units(text: str, seconds: float) -> None:
    assert durations.parse(text) == seconds
    assert durations.parse_timedelta(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1.5", 1.5), ("0", 0)])
def test_a_number_alone_is_seconds(text: str, seconds: float) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", " 5m", "5m ", "5\n", "m", "5 min", "5x", "1h30", "30m1h", "1h1h", "-5m", "5.m", "٣m"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        durations.parse(text)


@pytest.mark.slow
@given(st.from_regex(durations.PATTERN, fullmatch=True))
def test_whatever_fits_the_pattern_is_the_sum_of_its_parts(text: str) -> None:
    parts = re.findall("([0-9.]+) ?([a-zA-Z]?)", text)
    exact = sum(Fraction(number) * SECONDS[unit.lower()] for number, unit in parts)

    assert durations.parse(text) == pytest.approx(float(exact), rel=1e-12, abs=1e-6)


@each_duration
def test_a_key_takes_every_duration(text: str, seconds: float) -> None:
    assert converters.duration(Node(text, 1, text)) == seconds


@each_duration
def test_a_schedule_takes_every_duration(text: str, seconds: float) -> None:
    interval = Interval(timedelta(seconds=seconds))

    assert expression.parse(f"every {text}", "UTC").form == interval
    assert expression.parse(f"every_{text}", "UTC").form == interval
    assert expression.parse(f"interval:{text}", "UTC").form == interval


@pytest.mark.parametrize("text", sorted(WITH_UNITS.keys() - {"10m"}))
def test_a_duration_alone_is_a_schedule_unless_it_could_mean_months(text: str) -> None:
    period = timedelta(seconds=WITH_UNITS[text])

    assert expression.parse(text, "UTC").form == Interval(period)


@each_duration
def test_an_option_takes_every_duration(text: str, seconds: float) -> None:
    now, zone = at("12:00"), "Europe/Berlin"
    duration = timedelta(seconds=seconds)

    assert when.length("--tick", text) == duration
    assert when.ago("--since", text, now, zone) == now - duration
    assert when.ahead("--for", text, now, zone) == now + duration


@pytest.mark.parametrize(
    ("text", "minutes"), [("30 m", 30), ("0.5h", 30), ("1h", 60), ("1d", 1440)]
)
def test_the_interval_of_ticks_takes_every_duration_that_divides_hour_or_day(
    text: str, minutes: int
) -> None:
    assert tick_interval.parse(text) == timedelta(minutes=minutes)


def test_the_interval_of_ticks_takes_no_other_duration() -> None:
    with pytest.raises(UsageError, match="has to divide them"):
        tick_interval.parse("1h30m")
