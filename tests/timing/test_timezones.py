"""Zones: their names, and whether two of them are the same."""

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing import expression, fingerprint, posix_zone
from scheduled.timing.timezones import have_same_rules, require_zone


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_zone_of_the_database_is_accepted(name: str) -> None:
    assert require_zone(name) == name


@pytest.mark.parametrize(
    "name", ["", "America", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "UTC\0", "x" * 5000]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ScheduleError, match="is not known"):
        require_zone(name)


@pytest.mark.parametrize("name", ["Europe/Berln", "europe/berlin", "Berlin"])
def test_the_nearest_zone_is_proposed(name: str) -> None:
    with pytest.raises(ScheduleError, match=r"did you mean Europe/Berlin\?"):
        require_zone(name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("GMT+2", r"for 2 h ahead of UTC write <\+02>-2"),
        ("UTC-11", r"for 11 h behind UTC write <-11>\+11"),
        ("+05:30", r"for 5:30 h ahead of UTC write <\+0530>-5:30"),
        ("EST5EDT,M3.2", "write one like <"),
    ],
)
def test_c3_a_zone_that_looks_like_an_offset_is_answered_with_one(name: str, advice: str) -> None:
    with pytest.raises(ScheduleError, match=advice):
        require_zone(name)


@pytest.mark.parametrize("name", ["<+02>-2", "<-11>+11", "<+0530>-5:30", "EST5EDT,M3.2.0,M11.1.0"])
def test_c3_what_the_advice_says_is_accepted(name: str) -> None:
    assert require_zone(name) == name


@pytest.mark.parametrize("group", [("UTC", "Etc/UTC", "GMT", "UTC0", "Zulu", "Africa/Abidjan")])
def test_a3_zones_with_the_same_rules_are_the_same(group: tuple[str, ...]) -> None:
    pairs = [(name, other) for name in group for other in group]

    assert all(have_same_rules(name, other) for name, other in pairs)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Europe/Berlin", "Africa/Lagos"),  # the same in winter
        ("Europe/London", "UTC"),
        ("EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0/3"),  # for an hour of a year
        ("Europe/Berlin", "Mars/Olympus"),
    ],
)
def test_a3_zones_that_ever_differ_are_not_the_same(name: str, other: str) -> None:
    assert not have_same_rules(name, other)
    assert have_same_rules("America/New_York", "EST5EDT,M3.2.0,M11.1.0")


def test_a_posix_rule_that_names_no_month_is_no_zone() -> None:
    assert posix_zone.zone("EST5EDT,M13.2.0,M11.1.0") is None


def test_a_fingerprint_of_no_instant_is_that_of_another_schedule() -> None:
    hourly = expression.parse("0 * * * *", "UTC")

    assert fingerprint.difference("1 at:never UTC", hourly) is fingerprint.Difference.MEANING
