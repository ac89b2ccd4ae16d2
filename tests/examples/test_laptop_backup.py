"""examples/laptop-backup with real restic and Borg, and a battery that a test charges.

Borg and restic are real; `notify-send` is a stand-in that records its arguments, since there is no
desktop.
"""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.builders import needs
from tests.builders.examples import Example

pytestmark = pytest.mark.slow


@pytest.fixture(params=["restic", "borg"])
def tool(request: pytest.FixtureRequest) -> str:
    needs.programs(request.param)
    name: str = request.param
    return name


@pytest.fixture
def example(tmp_path: Path, tool: str) -> Example:
    example = Example("laptop-backup", tmp_path)
    example.change("scheduled.yaml", jobs_dirs=tool)
    example.change("backup.env", REPOSITORY=f'"{example.home}/repository of it"')
    for job in ("backup", "check"):
        change = {"min_free_disk": "1K"} if job == "backup" else {"idle_only": "false"}
        example.change(f"{tool}/{job}.yaml", **change)
    (example.home / "letter").write_text("Dear Ann")
    (example.home / ".cache").mkdir()
    (example.home / ".cache/junk").write_text("junk")
    battery(example, "Charging")
    example.stand_in("notify-send", f'printf "%s\\n" "$4" >> "{example.home.parent}/shown"')
    return example


def init(example: Example, tool: str) -> None:
    command = [str(example.root / f"bin/{tool}.sh"), "init"]
    subprocess.run(command, env=os.environ | example.environ, check=True, capture_output=True)


def battery(example: Example, status: str) -> None:
    folder = example.home / "power/BAT0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text(f"{status}\n")
    example.environ |= {"POWER_SUPPLY": str(folder.parent)}


def listed(example: Example, tool: str, *words: str, cwd: Path | None = None) -> list[str]:
    done = subprocess.run(
        [example.root / f"bin/{tool}.sh", *words],
        cwd=cwd,
        env=os.environ | example.environ,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


def backups(example: Example, tool: str) -> int:
    words = ("list", "snapshots", "--quiet") if tool == "restic" else ("list", "--short")
    return len(listed(example, tool, *words))


def shown(example: Example) -> list[str]:
    path = example.home.parent / "shown"
    return path.read_text().splitlines() if path.exists() else []


def test_after_a_night_off_one_backup_makes_up_for_all_and_can_be_restored(
    example: Example, tool: str
) -> None:
    init(example, tool)
    example.change("backup.env", KEEP='"--keep-last 9"')
    example.tick("2026-11-20 08:00")

    first = example.tick("2026-11-20 09:00")["backup"]
    late = example.tick("2026-11-21 08:00")

    assert (first["outcome"], first["missed"]) == ("succeeded", 0)
    assert (late["backup"]["outcome"], late["backup"]["missed"]) == ("succeeded", 2)
    assert backups(example, tool) == 2
    target = example.home.parent / "restored"
    target.mkdir()
    if tool == "restic":
        listed(example, tool, "restore", "latest", "--target", str(target))
    else:
        name = listed(example, tool, "list", "--short", "--last", "1")[0]
        listed(example, tool, "extract", f"::{name}", cwd=target)
    found = {path.name for path in target.rglob("*") if path.is_file()}
    assert "letter" in found
    assert "junk" not in found
    assert (example.root / "password").stat().st_mode & 0o077 == 0


def test_on_battery_and_without_the_disk_a_backup_waits_and_is_then_made(
    example: Example, tool: str
) -> None:
    init(example, tool)
    example.tick("2026-11-20 08:00")
    repository = example.home / "repository of it"

    battery(example, "Discharging")
    on_battery = example.tick("2026-11-20 09:00")
    battery(example, "Charging")
    repository.rename(example.home / "elsewhere")
    without_disk = example.tick("2026-11-20 09:01")
    (example.home / "elsewhere").rename(repository)
    row = example.tick("2026-11-20 09:02")["backup"]

    assert {*on_battery, *without_disk} == set()
    assert (row["outcome"], row["slot"]) == ("succeeded", "2026-11-20T09:00:00Z")
    assert shown(example) == []


def test_three_days_without_a_backup_are_told_and_so_is_the_next_one(
    example: Example, tool: str
) -> None:
    init(example, tool)
    example.tick("2026-11-20 08:00")
    example.tick("2026-11-20 09:00")
    battery(example, "Discharging")
    for when in ("21 09:00", "22 09:00", "23 09:01", "23 12:00"):
        example.tick(f"2026-11-{when}")
    told = shown(example)
    battery(example, "Full")

    example.tick("2026-11-23 13:00")

    assert len(told) == 1
    assert told[0].startswith("backup: ")
    assert len(shown(example)) == 2


def test_a_backup_that_fails_is_shown_once_on_the_desktop(example: Example, tool: str) -> None:
    init(example, tool)
    example.tick("2026-11-20 08:00")
    (example.root / "password").write_text("another one\n")

    for minutes in (0, 15, 40, 41):
        example.tick(f"2026-11-20 09:{minutes:02}")

    assert example.outcomes("backup") == ["failed"] * 3
    assert len(shown(example)) == 1


def test_old_backups_are_deleted_but_only_while_there_are_new_ones(
    example: Example, tool: str
) -> None:
    init(example, tool)
    example.change("backup.env", KEEP='"--keep-last 2"')
    example.tick("2026-11-20 08:00")
    for hour in ("09:00", "13:00", "17:00", "21:00"):
        example.tick(f"2026-11-20 {hour}")
    before = backups(example, tool)
    row = example.tick("2026-11-20 21:30")["forget"]
    after = backups(example, tool)
    secret = (example.root / "password").read_text()
    for hour in ("09:00", "13:00", "17:00"):
        example.tick(f"2026-11-21 {hour}")
    (example.root / "password").write_text("another one\n")
    example.tick("2026-11-21 21:00")
    without_new_ones = example.tick("2026-11-21 21:30")
    (example.root / "password").write_text(secret)

    assert (before, row["outcome"], after) == (4, "succeeded", 2)
    assert "forget" not in without_new_ones
    assert backups(example, tool) == 5


def test_while_the_repository_is_in_use_a_backup_waits(example: Example, tool: str) -> None:
    init(example, tool)
    with (example.root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        in_use = example.tick("2026-11-20 09:00", "backup")["backup"]
    free = example.tick("2026-11-20 09:01", "backup")["backup"]

    assert [in_use["outcome"], free["outcome"]] == [None, "succeeded"]


def test_a_file_that_cannot_be_read_does_not_make_a_backup_a_failure(
    example: Example, tool: str
) -> None:
    """As for an ordinary user; root reads everything, so a stand-in exits as the real one would."""
    init(example, tool)
    code = {"restic": 3, "borg": 1}[tool]
    example.stand_in(tool, f"exit {code}")
    if tool == "restic":
        example.stand_in(tool, 'test "$1" = unlock || exit 3')

    row = example.tick("2026-11-20 09:00", "backup")["backup"]

    assert row["outcome"] == "succeeded"


def test_damage_to_the_repository_is_found(example: Example, tool: str) -> None:
    init(example, tool)
    (example.home / "letter").write_bytes(os.urandom(100_000))
    example.tick("2026-11-20 09:00", "backup")
    whole = example.tick("2026-11-20 09:01", "check")["check"]
    data = [path for path in (example.home / "repository of it/data").rglob("*") if path.is_file()]
    largest = max(data, key=lambda path: path.stat().st_size)
    largest.chmod(0o600)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    largest.write_bytes(content)
    if tool == "restic":
        largest.write_bytes(content[:-100])

    damaged = example.tick("2026-11-20 09:02", "check")["check"]

    assert [whole["outcome"], damaged["outcome"]] == ["succeeded", "failed"]
