"""The dead letters on the command line, and the way out of a suspension."""

import json
from pathlib import Path

import pytest

from scheduled.cli.main import main
from scheduled.state.document import DeadLetterEntry
from scheduled.state.store import Store
from tests.builders.engine import Engine
from tests.builders.jobs import job

FIVE = ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
FRAGILE = "fragile: {command: 'test -f ready', schedule: hourly, max_retries: 1, suspend_after: 3}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the hourly job `fragile` has failed for good three times, and is suspended."""
    off = "".join(f"  {name}: {{enabled: false}}\n" for name in FIVE)
    (tmp_path / "scheduled.yaml").write_text(f"jobs:\n  {FRAGILE}\n{off}")
    failing = job(
        "fragile", command="test -f ready", max_retries=1, retry_delay=0.05, suspend_after=3
    )
    engine = Engine(tmp_path, [failing])
    for when in ("00:30", "01:00", "02:00", "03:00"):
        engine.run_at(f"2026-11-20T{when}:00")
    return tmp_path


def call(home: Path, *words: str) -> int:
    return main(["--root", str(home), "--state-dir", str(home / "state"), *words])


def letters(home: Path) -> list[DeadLetterEntry]:
    return Store(home / "state").load().state["dead_letter"]


def test_they_are_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "dead-letter", "list", "--json") == 0

    rows = json.loads(capsys.readouterr().out)["dead_letter"]
    assert [list(row) for row in rows] == [["job", "slot", "since", "attempts", "error"]] * 3
    assert [row["attempts"] for row in rows] == [2, 2, 2]


def test_a_person_reads_instants_with_their_offset_in_the_heading(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "scheduled.yaml").write_text(
        "timezone: Asia/Kathmandu\n" + (home / "scheduled.yaml").read_text()
    )

    assert call(home, "dead-letter", "list") == 0

    lines = capsys.readouterr().out.splitlines()
    heading = ["JOB", "SCHEDULED", "(+05:45)", "SINCE", "ATTEMPTS", "ERROR"]
    assert lines[0].split() == heading
    assert not any("+05:45" in line for line in lines[1:])


def test_they_stay_while_the_job_still_fails(home: Path) -> None:
    assert call(home, "dead-letter", "retry", "fragile") == 1

    assert len(letters(home)) == 3


def test_they_are_gone_when_the_job_succeeds_again(home: Path) -> None:
    (home / "ready").touch()

    assert call(home, "dead-letter", "retry", "fragile") == 0

    assert letters(home) == []


def test_they_can_be_dropped(home: Path) -> None:
    assert call(home, "dead-letter", "drop", "fragile") == 0

    assert letters(home) == []


def test_a_job_without_any_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "dead-letter", "drop", "fragil") == 2

    assert "did you mean fragile?" in capsys.readouterr().err


def test_enable_ends_a_suspension(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "suspended" in Store(home / "state").load().state["jobs"]["fragile"]

    assert call(home, "enable", "fragile") == 0

    assert "fragile is enabled now" in capsys.readouterr().out
    assert "suspended" not in Store(home / "state").load().state["jobs"]["fragile"]


def test_list_and_status_tell_of_a_suspension(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(home, "list", "--json")
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["jobs"]}
    call(home, "status")

    assert rows["fragile"]["enabled"] is False
    assert rows["fragile"]["next_run"] is None
    assert "fragile: suspended for" in capsys.readouterr().out
