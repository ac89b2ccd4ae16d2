"""Why no tick came for a while: three clocks and the boot id, told apart with literals."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.state import heartbeat
from scheduled.state.heartbeat import Cause, Heartbeat
from tests.builders.jobs import at

LIMIT = timedelta(minutes=3)
NOON = at("12:00").timestamp()
BEFORE = Heartbeat(NOON, 1000.0, 500.0, "boot")


def later(wall: float, boottime: float, monotonic: float, boot: str = "boot") -> Heartbeat:
    """So many seconds later by each clock."""
    return Heartbeat(NOON + wall, 1000.0 + boottime, 500.0 + monotonic, boot)


@pytest.mark.parametrize(
    ("now", "cause"),
    [
        (later(4000, 4000, 4000), Cause.SILENT),
        (later(4000, 4000, 1900), Cause.ASLEEP),
        (later(4000, 4000, 2000), Cause.SILENT),
        (later(4000, 60, 60), Cause.FORWARD),
        (later(4000, 3940, 3940), Cause.SILENT),
        (later(4000, 3939, 3939), Cause.FORWARD),
        (later(4000, 4060, 4060), Cause.SILENT),
        (later(4000, 4061, 4061), Cause.BACK),
        (later(-5, 60, 60), Cause.BACK),
        (later(4000, -900, -400, "another"), Cause.OFF),
        (later(-4000, -900, -400, "another"), Cause.BACK),
    ],
)
def test_each_cause_is_told_from_the_others(now: Heartbeat, cause: Cause) -> None:
    gap = heartbeat.find_gap(BEFORE, now, LIMIT)

    assert gap is not None
    assert gap.cause is cause
    assert gap.start == at("12:00")
    assert gap.end.timestamp() == now.wall


@pytest.mark.parametrize("wall", [0, 60, 180])
def test_a_tick_that_comes_in_time_makes_no_gap(wall: float) -> None:
    assert heartbeat.find_gap(BEFORE, later(wall, wall, wall), LIMIT) is None


def test_one_second_over_the_limit_is_a_gap() -> None:
    assert heartbeat.find_gap(BEFORE, later(181, 181, 181), LIMIT) is not None
    assert heartbeat.find_gap(None, later(181, 181, 181), LIMIT) is None


def test_where_the_kernel_has_no_boot_ids_two_beats_are_of_one_boot(tmp_path: Path) -> None:
    heartbeat.save(tmp_path, Heartbeat(NOON, 1000.0, 500.0, ""))
    before = heartbeat.load(tmp_path)

    gap = heartbeat.find_gap(before, later(4000, 4000, 4000, ""), LIMIT)

    assert gap is not None
    assert gap.cause is Cause.SILENT


def test_what_is_saved_is_loaded_though_a_longer_line_was_there(tmp_path: Path) -> None:
    (tmp_path / heartbeat.FILE_NAME).write_text("x" * 500)

    heartbeat.save(tmp_path, BEFORE)

    assert heartbeat.load(tmp_path) == BEFORE


@pytest.mark.parametrize("content", ["", "1 2 3", "1 2 3 a b", "x 2 3 a", "nan 2 3 a", "1 inf 3 a"])
def test_a_heartbeat_that_is_none_is_as_good_as_missing(tmp_path: Path, content: str) -> None:
    (tmp_path / heartbeat.FILE_NAME).write_text(content)

    assert heartbeat.load(tmp_path) is None
    assert heartbeat.load(tmp_path / "none") is None


@pytest.mark.parametrize("seconds", [0.2, 1, 30, 59])
@pytest.mark.parametrize("boot", [(0, "boot"), (1, "boot"), (-900, "another")])
def test_b10_a_clock_set_back_a_little_is_no_gap(seconds: float, boot: tuple[int, str]) -> None:
    now = later(-seconds, boot[0], boot[0], boot[1])

    assert heartbeat.find_gap(BEFORE, now, LIMIT) is None


@pytest.mark.parametrize(("wall", "passed"), [(-61, 0), (-3600, 5), (-1, 7200)])
def test_b10_a_clock_set_back_more_is_said_to_be(wall: float, passed: float) -> None:
    gap = heartbeat.find_gap(BEFORE, later(wall, passed, passed), LIMIT)

    assert gap is not None
    assert gap.cause is Cause.BACK


def test_a_shell_took_the_machine_for_awake_since_a_tick_that_knew() -> None:
    by_shell = heartbeat.parsed("1795348800.5 1300.25 - boot 1000.0 400.0\n")

    assert by_shell == Heartbeat(1795348800.5, 1300.25, 700.25, "boot")


@pytest.mark.parametrize(
    "line",
    [
        "1795348800.5 1300.25 - boot",
        "1795348800.5 1300.25 - boot 1000.0",
        "1795348800.5 1300.25 - boot 1000.0 x",
        "1795348800.5 1300.25 - boot 1000.0 400.0 3.0",
        "1795348800.5 1300.25 700.0 boot 1000.0 400.0",
        "1795348800.5 1300.25 - boot nan 400.0",
        "1795348800.5 1300.25 - boot inf inf",
    ],
)
def test_what_no_tick_has_written_is_no_heartbeat(line: str) -> None:
    assert heartbeat.parsed(line) is None


@pytest.mark.parametrize(("slept", "cause"), [(1900, Cause.ASLEEP), (100, Cause.SILENT)])
def test_a_gap_after_ticks_by_a_shell_has_its_cause(slept: float, cause: Cause) -> None:
    before = heartbeat.parsed(f"{NOON} 1000.0 - boot 900.0 400.0\n")

    gap = heartbeat.find_gap(before, later(2000, 2000, 2000 - slept), LIMIT)

    assert gap is not None
    assert gap.cause is cause
