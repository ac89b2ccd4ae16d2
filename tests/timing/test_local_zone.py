"""The zone of the machine, wherever it keeps it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing import local_zone as module
from scheduled.timing.local_zone import local_zone
from scheduled.timing.timezones import zone_info


def linked(home: Path, target: str) -> Path:
    """A `localtime` that is a symlink, as most systems have it."""
    (home / "localtime").symlink_to(target)
    return home / "localtime"


def copied(home: Path, zone: str) -> Path:
    """A `localtime` that is a file of its own, as some containers have it."""
    (home / "localtime").write_bytes(data_of(zone))
    return home / "localtime"


def data_of(zone: str) -> bytes:
    """The file of a zone as the package tzdata has it."""
    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


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
    link = linked(tmp_path, "/usr/share/zoneinfo/Asia/Kathmandu")

    assert local_zone({"TZ": value}, link).name == name


def test_tz_can_point_to_a_link(tmp_path: Path) -> None:
    link = linked(tmp_path, "/usr/share/zoneinfo/Asia/Kathmandu")

    assert local_zone({"TZ": f":{link}"}, tmp_path / "other").name == "Asia/Kathmandu"


def test_a_tz_that_is_no_name_is_refused_and_says_where_it_stands() -> None:
    with pytest.raises(ScheduleError, match='TZ: time zone "CET-1CEST,M3" is not known'):
        local_zone({"TZ": "CET-1CEST,M3"})


@pytest.mark.parametrize(
    ("value", "hours_ahead"),
    [
        ("UTC0", 0),
        ("<+03>-3", 3),
        (":<+03>-3", 3),
        ("EST5EDT,M3.2.0,M11.1.0", -5),
        ("CET-1CEST", 1),
        ("GMT+2", -2),  # what libc makes of it, whatever people mean
        ("UTC-5:30", 5.5),
    ],
)
def test_c3_a_posix_tz_is_read_as_the_c_library_reads_it(value: str, hours_ahead: float) -> None:
    winter = datetime(2026, 1, 15, tzinfo=UTC)

    zone = zone_info(local_zone({"TZ": value}).name)

    assert winter.astimezone(zone).utcoffset() == timedelta(hours=hours_ahead)
    assert _offset_by_libc(value.removeprefix(":"), winter) == timedelta(hours=hours_ahead)


def _offset_by_libc(value: str, instant: datetime) -> timedelta:
    program = f"import time; print(time.localtime({instant.timestamp()}).tm_gmtoff)"
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, env={"TZ": value}, capture_output=True, text=True, check=True)
    return timedelta(seconds=int(done.stdout))


@pytest.mark.parametrize(
    "target",
    [
        "/usr/share/zoneinfo/Europe/Berlin",
        "../usr/share/zoneinfo/Europe/Berlin",
        "/usr/share/zoneinfo/posix/Europe/Berlin",
    ],
)
def test_the_link_names_the_zone(tmp_path: Path, target: str) -> None:
    assert local_zone({}, linked(tmp_path, target)).name == "Europe/Berlin"


def test_a_copy_takes_its_name_from_the_timezone_file(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Europe/Berlin\n")

    assert local_zone({}, copied(tmp_path, "Europe/Berlin")) == ("Europe/Berlin", "")


def test_a_copy_without_a_name_is_known_by_its_rules(tmp_path: Path) -> None:
    assert local_zone({}, copied(tmp_path, "Asia/Kathmandu")).name == "Asia/Kathmandu"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
def test_c2_a_copy_of_another_zone_than_the_named_one_is_used_and_said(
    tmp_path: Path, zone: str
) -> None:
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")

    found = local_zone({}, copied(tmp_path, zone))

    assert found.name == zone
    assert f"localtime: a copy of {zone}, and " in found.warning
    assert "timezone names another zone, Asia/Tokyo" in found.warning


def test_c2_another_name_for_the_same_rules_is_no_contradiction(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Etc/UTC\n")

    assert local_zone({}, copied(tmp_path, "UTC")) == ("Etc/UTC", "")


@pytest.mark.slow
@pytest.mark.parametrize("named", ["", "Asia/Tokyo\n", "Mars/Olympus\n"])
@pytest.mark.parametrize("data", [b"TZif2", data_of("UTC").replace(b"UTC0", b"ABC-7:07")])
def test_c2_a_copy_of_no_known_zone_is_refused(tmp_path: Path, named: str, data: bytes) -> None:
    (tmp_path / "timezone").write_text(named)
    (tmp_path / "localtime").write_bytes(data)

    with pytest.raises(ScheduleError, match=r"localtime: .*set `timezone` in the configuration"):
        local_zone({}, tmp_path / "localtime")


def test_a_machine_without_any_of_it_is_in_utc(tmp_path: Path) -> None:
    assert local_zone({}, tmp_path / "localtime").name == "UTC"


def test_a_tz_that_is_in_the_database_is_taken_from_there() -> None:
    assert local_zone({"TZ": "GMT+0"}, Path("/nowhere")).name == "GMT+0"


def test_a_database_may_have_no_list_of_countries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_folders", list)

    assert module._main_zones() == frozenset()
