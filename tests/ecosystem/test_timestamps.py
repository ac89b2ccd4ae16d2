from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduled.ecosystem import timestamps

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 7, 11, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-07 12:00:00",
        "2026-03-07T12:00:00",
        " 2026-03-07 12:00:00,000 ",
        "2026-03-07T11:00:00Z",
        "2026-03-07T16:30:00+05:30",
        1772881200,
        1772881200.0,
        "1772881200",
        1772881200000,
    ],
)
def test_every_form_names_the_same_instant(value: Any) -> None:
    assert timestamps.parse(value, BERLIN) == NOON


def test_a_bare_date_is_its_midnight_here() -> None:
    assert timestamps.parse("2026-03-07", BERLIN) == datetime(2026, 3, 6, 23, tzinfo=UTC)


def test_a_naive_time_in_a_repeated_hour_is_its_first_pass() -> None:
    moment = timestamps.parse("2026-10-25 02:30:00", BERLIN)

    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "2026-13-01", None, True, [], {}, "0001-01-01 00:00:00", 1e300, "9" * 400],
)
def test_what_names_no_instant_is_refused_in_words(value: Any) -> None:
    with pytest.raises(ValueError, match="not a timestamp"):
        timestamps.parse(value, BERLIN)


def test_what_names_no_instant_can_also_be_asked_for_quietly() -> None:
    assert timestamps.readable("soon", BERLIN) is None


def test_mail_stores_the_local_wall_clock() -> None:
    assert timestamps.written(NOON, BERLIN) == "2026-03-07 12:00:00"
