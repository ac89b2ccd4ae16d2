"""Instants as text, and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from scheduled.timing.instants import format_utc, parse_utc

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_instant_is_written_in_utc_with_a_z() -> None:
    in_kathmandu = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))

    assert format_utc(NOON) == "2026-03-01T12:00:00Z"
    assert format_utc(in_kathmandu) == "2026-03-01T12:00:00Z"
    assert format_utc(NOON.replace(microsecond=7)) == "2026-03-01T12:00:00.000007Z"


def test_no_instant_is_written_as_none() -> None:
    assert format_utc(None) is None


def test_what_is_written_is_read_again() -> None:
    instant = NOON.replace(microsecond=120)

    assert parse_utc(format_utc(instant)) == instant


@pytest.mark.parametrize("text", ["2026-03-01T12:00:00", "2026-03-01T13:00:00+01:00"])
def test_another_spelling_of_an_instant_is_read_as_utc(text: str) -> None:
    instant = parse_utc(text)

    assert instant == NOON
    assert instant.tzinfo is UTC


@pytest.mark.parametrize("text", [None, "", "soon", 1_700_000_000, "0001-01-01T00:00:00+14:00"])
def test_what_is_not_an_instant_is_none(text: str | None) -> None:
    assert parse_utc(text) is None


@pytest.mark.parametrize(("year", "is_read"), [(999, False), (1000, True), (8999, True)])
def test_years_without_slots_are_refused(year: int, is_read: bool) -> None:
    assert (parse_utc(f"{year:04}-06-01T00:00:00Z") is not None) is is_read
    assert parse_utc("9000-01-01T00:00:00Z") is None
