"""Times as people type them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from scheduled.cli.when import ago, ahead
from scheduled.errors import UsageError
from tests.builders.jobs import at

BERLIN = ZoneInfo("Europe/Berlin")
NOON = at("12:00")  # 13:00 in Berlin


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("8:00", at("07:00")),
        ("08:00", at("07:00")),
        ("13:00", at("12:00")),
        ("13:01", at("2026-11-20T12:01:00")),
        ("2h", at("10:00")),
    ],
)
def test_looking_back_a_time_of_day_is_the_last_one(typed: str, instant: datetime) -> None:
    assert ago("--at", typed, NOON, BERLIN) == instant


@pytest.mark.parametrize(
    ("typed", "instant"),
    [("18:30", at("17:30")), ("13:00", at("2026-11-22T12:00:00")), ("90m", at("13:30"))],
)
def test_looking_ahead_it_is_the_next_one(typed: str, instant: datetime) -> None:
    assert ahead("--until", typed, NOON, BERLIN) == instant


def test_over_a_clock_change_it_is_still_what_the_clock_shows() -> None:
    eve = at("2026-10-24T20:00:00")  # 22:00; the clock goes back in the night

    assert ahead("--until", "21:00", eve, BERLIN) == at("2026-10-25T20:00:00")


@pytest.mark.parametrize("typed", ["9999-12-31", "999999w"])
def test_what_the_state_could_not_hold_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="is not a valid time"):
        ahead("--until", typed, NOON, BERLIN)


@pytest.mark.parametrize("typed", ["24:00", "8:60", "8", "8:0", "eight"])
def test_what_no_clock_shows_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="is not a valid time; write 2h, 7d, 8:00"):
        ago("--at", typed, NOON, BERLIN)
