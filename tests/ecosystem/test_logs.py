import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import logs
from scheduled.ecosystem.logs import Logs
from scheduled.ecosystem.registry import Branch
from tests.builders import needs
from tests.builders.mail import NOW, ZONE, ago
from tests.builders.people import as_nobody

Scan = Callable[..., Logs]


def line(level: str = "ERROR", when: str | None = None, text: str = "text") -> str:
    return f"{when or ago(minutes=5)} - captured_core - {level} - {text}\n"


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("a") as stream:
        stream.writelines(lines)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "system_logs"


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Scans the logs as the next tick would, with what the last scan left behind."""

    def scanned(now: datetime = NOW, zone: tzinfo = ZONE, *names: str) -> Logs:
        branches = [Branch(name, str(tmp_path / name), f"@{name}") for name in names]
        found = logs.scan(tmp_path, branches, now, zone, tmp_path / "cache" / "logs.json")
        assert found
        return found

    return scanned


def cold(root: Path, now: datetime = NOW) -> tuple[int, int]:
    """What a scan that remembers nothing finds."""
    found = logs.scan(root, [], now, ZONE, root / "nothing" / "here.json")
    assert found
    (root / "nothing" / "here.json").unlink()
    return found.recent_errors, found.recent_warnings


def test_without_a_folder_there_are_no_logs(tmp_path: Path) -> None:
    assert logs.scan(tmp_path, [], NOW, ZONE, tmp_path / "cache.json") is None


@pytest.mark.parametrize(
    ("written", "errors", "warnings"),
    [
        (f"{ago(minutes=5)} - core - ERROR - text", 1, 0),
        (f"{ago(minutes=5)} - core - CRITICAL - text", 1, 0),
        (f"{ago(minutes=5)} - core - WARNING - text", 0, 1),
        (f"{ago(minutes=5)},123 - core - ERROR - text", 1, 0),
        (f"{ago(minutes=5)} | core | ERROR | text", 1, 0),
        (f"{ago(minutes=5)}.123 | WARNING  | core:run:12 - ERROR - text", 0, 1),
        ("2026-03-07T10:55:00Z - core - ERROR - text", 1, 0),
        ('{"ts": 1772880900.25, "level": "error", "msg": "x"}', 1, 0),
        ('{"level": "WARNING", "timestamp": "2026-03-07T11:55:00"}', 0, 1),
        (f"{ago(minutes=5)} - core - INFO - 3 - ERROR - found", 0, 0),
        (f"{ago(minutes=5)} | core | INFO | ERROR | WARNING |", 0, 0),
        ('{"ts": 1772880900, "level": "info", "msg": "ERROR"}', 0, 0),
        ('{"ts": 1772880900, "level": "error"', 0, 0),
        ("ERROR without a time", 0, 0),
        ("2026-99-99 12:00:00 - core - ERROR - text", 0, 0),
        (f"{ago(minutes=5)} - core - ERRORS - text", 0, 0),
    ],
)
def test_the_level_is_read_from_its_field(
    folder: Path, scan: Scan, written: str, errors: int, warnings: int
) -> None:
    write(folder, "flow_core.log", written + "\n")

    found = scan()

    assert (found.recent_errors, found.recent_warnings) == (errors, warnings)


def test_a_traceback_belongs_to_the_line_above_it(folder: Path, scan: Scan) -> None:
    traceback = "Traceback (most recent call last):\n  ERROR - x\nValueError: ERROR\n"

    write(folder, "flow_core.log", line(), traceback, line("INFO"))

    assert scan().recent_errors == 1


def test_the_last_hour_ends_now_and_begins_an_hour_ago(folder: Path, scan: Scan) -> None:
    times = [ago(minutes=60), ago(minutes=59, seconds=59), ago(), ago(seconds=-1)]
    write(folder, "flow_core.log", *(line(when=when) for when in times))

    assert scan().recent_errors == 2


def test_errors_are_counted_by_the_longest_branch_name_that_fits(folder: Path, scan: Scan) -> None:
    for name in ("ai_mail_dispatch", "ai_core", "api", "the-commons_x", "vscode_x", "nobody_x"):
        write(folder, f"{name}.log", line())

    found = scan(NOW, ZONE, "AI", "AI_MAIL", "API", "The_Commons", ".VSCODE")

    assert found.errors_by_branch == {
        "(unknown)": 1,
        ".VSCODE": 1,
        "AI": 1,
        "AI_MAIL": 1,
        "API": 1,
        "The_Commons": 1,
    }


def test_logs_in_a_branchs_own_folder_are_its_own(tmp_path: Path, scan: Scan) -> None:
    write(tmp_path / "FLOW" / "logs", "api_core.log", line())

    assert scan(NOW, ZONE, "FLOW", "API").errors_by_branch == {"FLOW": 1}


def test_our_own_log_counts_in_the_sizes_and_its_errors_do_not(folder: Path, scan: Scan) -> None:
    path = write(folder, "scheduled.log", line())

    found = scan()

    assert (found.recent_errors, found.file_count) == (0, 1)
    assert found.total_size_bytes == path.stat().st_size


def test_rotated_logs_are_read_and_measured_by_themselves(folder: Path, scan: Scan) -> None:
    live = write(folder, "flow_core.log", line())
    rotated = write(folder, "flow_core.log.1", line(), line())
    write(folder, "flow_core.log.old", line())

    found = scan()

    assert found.recent_errors == 3
    assert (found.file_count, found.total_size_bytes) == (1, live.stat().st_size)
    assert (found.rotated_count, found.rotated_size_bytes) == (1, rotated.stat().st_size)


def test_what_was_read_once_is_not_read_again(folder: Path, scan: Scan) -> None:
    path = write(folder, "flow_core.log", line("INFO", text="x" * 300), line())
    scan()
    with path.open("r+b") as stream:
        stream.seek(path.read_bytes().index(b"ERROR"))
        stream.write(b"DEBUG")

    write(folder, "flow_core.log", line())

    assert scan().recent_errors == 2


def test_a_line_half_written_is_counted_once(folder: Path, scan: Scan) -> None:
    write(folder, "flow_core.log", line(), line().rstrip("\n"))
    assert scan().recent_errors == 2

    write(folder, "flow_core.log", " and its end\n", line())

    assert scan().recent_errors == 3


def test_what_is_older_than_an_hour_by_now_no_longer_counts(folder: Path, scan: Scan) -> None:
    write(folder, "flow_core.log", line(when=ago(minutes=50)), line(when=ago(minutes=5)))
    assert scan().recent_errors == 2

    assert scan(NOW + timedelta(minutes=30)).recent_errors == 1


def test_a_clock_set_back_makes_the_logs_be_read_anew(folder: Path, scan: Scan) -> None:
    write(folder, "flow_core.log", line())
    scan(NOW + timedelta(days=2))

    assert scan(NOW).recent_errors == 1


@pytest.mark.parametrize("way", ["renamed", "copied and emptied", "emptied", "replaced"])
def test_after_a_rotation_each_error_still_counts_once(
    tmp_path: Path, folder: Path, scan: Scan, way: str
) -> None:
    path = write(folder, "flow_core.log", line(text="first"), line(text="second"))
    scan()
    write(folder, "flow_core.log", line(text="unseen, before the rotation"))
    match way:
        case "renamed":
            path.rename(f"{path}.1")
        case "copied and emptied":
            shutil.copy(path, f"{path}.1")
            os.truncate(path, 0)
        case "emptied":
            os.truncate(path, 0)
        case "replaced":
            path.unlink()
    write(folder, "flow_core.log", line(text="afterwards"))

    found = scan()

    assert (found.recent_errors, found.recent_warnings) == cold(tmp_path)
    assert found.recent_errors == (4 if way in ("renamed", "copied and emptied") else 1)


def test_emptied_and_grown_beyond_its_old_size_it_is_read_anew(folder: Path, scan: Scan) -> None:
    path = write(folder, "flow_core.log", line(text="old"))
    scan()
    os.truncate(path, 0)
    write(folder, "flow_core.log", *[line("WARNING", text="new")] * 50)

    found = scan()

    assert (found.recent_errors, found.recent_warnings) == (0, 50)


def test_a_long_log_is_read_from_its_end_and_nothing_recent_is_missed(
    tmp_path: Path, folder: Path, scan: Scan
) -> None:
    start = NOW - timedelta(days=30)
    step = timedelta(days=30) / 60_000
    stamps = [(start + step * number).astimezone(ZONE) for number in range(60_000)]
    rows = [line(when=f"{each:%Y-%m-%d %H:%M:%S}", text="x" * 80) for each in stamps]
    write(folder, "flow_core.log", *rows)

    expected = sum(each > NOW - timedelta(hours=1) for each in stamps)
    assert scan().recent_errors == expected


def test_an_older_line_far_down_does_not_hide_what_stands_above_it(
    folder: Path, scan: Scan
) -> None:
    filler = [line("INFO", text="x" * 1000)] * 1500
    write(folder, "flow_core.log", line(), *filler, line(when=ago(hours=6)), *filler)

    assert scan().recent_errors == 1


def test_a_line_without_an_end_does_not_hide_the_next(folder: Path, scan: Scan) -> None:
    write(folder, "flow_core.log", line(text="x" * 5_000_000), line("WARNING"))

    found = scan()

    assert (found.recent_errors, found.recent_warnings) == (1, 1)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'[1, 0, "Europe/Berlin", {"x": {}}]', b"\xff", b"[" * 10**5]
)
def test_a_damaged_cache_costs_time_and_nothing_else(
    tmp_path: Path, folder: Path, scan: Scan, damage: bytes
) -> None:
    write(folder, "flow_core.log", line())
    scan()
    (tmp_path / "cache" / "logs.json").write_bytes(damage)

    assert scan().recent_errors == 1


def test_in_another_zone_the_times_mean_something_else(folder: Path, scan: Scan) -> None:
    write(folder, "flow_core.log", line())
    assert scan().recent_errors == 1

    assert scan(NOW, UTC).recent_errors == 0


def test_what_is_no_file_is_passed_over(folder: Path, scan: Scan) -> None:
    write(folder, "flow_core.log", line())
    os.mkfifo(folder / "flow_pipe.log")
    (folder / "flow_folder.log").mkdir()
    (folder / "flow_gone.log").symlink_to("nowhere")

    found = scan()

    assert (found.recent_errors, found.file_count) == (1, 1)


def test_a_log_we_may_not_read_is_named(open_folder: Path) -> None:
    open_folder.chmod(0o755)
    write(open_folder / "system_logs", "flow_core.log", line()).chmod(0)

    def scanned() -> None:
        found = logs.scan(open_folder, [], NOW, ZONE, open_folder / "cache.json")
        assert found
        raise OSError(found.problems[0])

    assert "flow_core.log: permission denied" in as_nobody(scanned)


def test_the_real_logs_agree_with_a_plain_count(tmp_path: Path, scan: Scan) -> None:
    real = needs.real_data("aipass-repo/system_logs")
    shutil.copytree(real, tmp_path / "system_logs")
    evening = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)

    found = scan(evening, UTC, "FLOW", "API", "TRIGGER", "SEEDGO", "AI_MAIL")

    def plain(level: str) -> int:
        texts = (path.read_text() for path in real.glob("*.log"))
        rows = (row.split(" - ", 3) for text in texts for row in text.splitlines())
        since = "2026-03-06 19:00:00"
        stamped: list[Any] = [row for row in rows if len(row) == 4 and row[2] == level]
        return sum(since < row[0] <= "2026-03-06 20:00:00" for row in stamped)

    assert (found.recent_errors, found.recent_warnings) == (plain("ERROR"), plain("WARNING"))
    assert found.recent_errors > 10
    assert sum(found.errors_by_branch.values()) == found.recent_errors
