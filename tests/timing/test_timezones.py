"""The zone: its name, wherever the machine keeps it."""

from pathlib import Path

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing.timezones import local_zone, require_zone


def linked(home: Path, target: str) -> Path:
    """A `localtime` that is a symlink, as most systems have it."""
    (home / "localtime").symlink_to(target)
    return home / "localtime"


def copied(home: Path) -> Path:
    """A `localtime` that is a file of its own, as some containers have it."""
    (home / "localtime").write_bytes(b"TZif2")
    return home / "localtime"


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
    ("value", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        (":/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("", "UTC"),
    ],
)
def test_tz_comes_first(tmp_path: Path, value: str, name: str) -> None:
    assert local_zone({"TZ": value}, linked(tmp_path, "/usr/share/zoneinfo/Asia/Kathmandu")) == name


def test_tz_can_point_to_a_link(tmp_path: Path) -> None:
    link = linked(tmp_path, "/usr/share/zoneinfo/Asia/Kathmandu")

    assert local_zone({"TZ": f":{link}"}, tmp_path / "other") == "Asia/Kathmandu"


def test_a_tz_that_is_no_name_is_refused_and_says_where_it_stands() -> None:
    with pytest.raises(ScheduleError, match='TZ: time zone "CET-1CEST" is not known'):
        local_zone({"TZ": "CET-1CEST"})


@pytest.mark.parametrize(
    "target",
    [
        "/usr/share/zoneinfo/Europe/Berlin",
        "../usr/share/zoneinfo/Europe/Berlin",
        "/usr/share/zoneinfo/posix/Europe/Berlin",
    ],
)
def test_the_link_names_the_zone(tmp_path: Path, target: str) -> None:
    assert local_zone({}, linked(tmp_path, target)) == "Europe/Berlin"


def test_a_copy_takes_its_name_from_the_timezone_file(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Europe/Berlin\n")

    assert local_zone({}, copied(tmp_path)) == "Europe/Berlin"


def test_a_copy_without_a_name_is_not_taken_for_utc(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="set `timezone` in the configuration"):
        local_zone({}, copied(tmp_path))


def test_a_machine_without_any_of_it_is_in_utc(tmp_path: Path) -> None:
    assert local_zone({}, tmp_path / "localtime") == "UTC"
