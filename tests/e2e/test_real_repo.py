"""The tick on a real repository of the ecosystem: right to the last count.

What is expected is counted by `tests.builders.counted`, straight from the files.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import counted, needs
from tests.builders.command import BARE, scheduled
from tests.builders.installed import central, central_files, rows, state, tick_at

NOW = datetime(2026, 3, 6, 20, 30, tzinfo=UTC)
"""Within the hour in which most of the logs were written."""
HOURLY = {"health", "mail_cleanup", "memory_rollover", "metrics"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the repository that may be written to."""
    return needs.real_copy("aipass-repo", tmp_path / "repo")


def test_health_names_what_is_wrong_with_every_branch(home: Path) -> None:
    report = tick_at(home, NOW)

    health = central(home, "HEALTH")
    assert report.exit_code == 0
    assert {key: health[key] for key in ("service", "branches", "healthy", "warnings")} == {
        "service": "scheduled",
        "branches": 10,
        "healthy": 0,
        "warnings": [],
    }
    assert health["last_updated"] == health["timestamp"] == "2026-03-06T20:30:00"
    assert health["errors"] == [
        {"branch": branch["name"], "status": "error", "issues": expected_issues(branch)}
        for branch in counted.branches(home)
    ]


def test_metrics_are_right_to_the_last_count(home: Path) -> None:
    tick_at(home, NOW)

    metrics = central(home, "METRICS")
    history = metrics.pop("history")
    assert metrics["logs"] == counted.logs(home, NOW)
    assert metrics["logs"]["recent_errors"] == 10
    assert metrics["memory"] == counted.memory(home)
    assert metrics["memory"]["file_count"] == 16
    assert metrics["mail"] == {
        "total_messages": 0,
        "total_unread": 0,
        "unreadable": 0,
        "by_branch": {},
    }
    assert metrics["branches"] == {"total": 10, "by_status": {"active": 10}}
    assert history == [metrics]


def test_mail_counts_of_branches_whose_mailbox_is_elsewhere_stay_as_they_were(home: Path) -> None:
    before = central(home, "AI_MAIL")

    tick_at(home, NOW)

    assert central(home, "AI_MAIL") == {**before, "last_updated": "2026-03-06"}


def test_what_was_in_the_repository_stays_as_it_was(home: Path) -> None:
    before = everything_else(home)

    tick_at(home, NOW)

    assert everything_else(home) == before


def test_a_second_run_in_the_same_hour_does_nothing(home: Path) -> None:
    tick_at(home, NOW)
    files, ran = central_files(home), rows(home)

    report = tick_at(home, NOW + timedelta(minutes=20))

    assert (report.exit_code, report.due, report.rows) == (0, 0, [])
    assert rows(home) == ran
    changed = {name for name, content in central_files(home).items() if content != files[name]}
    assert changed == {"SCHEDULED"}


def test_after_five_hours_without_a_tick_one_run_answers_for_all_of_them(home: Path) -> None:
    tick_at(home, NOW)

    report = tick_at(home, NOW + timedelta(hours=5))

    assert {run["job"] for run in report.ran} == HOURLY
    for run in report.ran:
        assert (run["slot"], run["outcome"]) == ("2026-03-07T01:00:00Z", "succeeded")
        assert (run["catch_up"], run["missed"]) == (True, 4)
    (gap,) = state(home)["gaps"]
    assert (gap["from"], gap["to"]) == ("2026-03-06T20:30:00Z", "2026-03-07T01:30:00Z")
    missed = [row for row in rows(home) if row["outcome"] == "missed"]
    assert {(row["job"], row["slot"], row["missed"], row["reason"]) for row in missed} == {
        (job, "2026-03-07T00:00:00Z", 4, gap["cause"]) for job in HOURLY
    }
    assert len(central(home, "METRICS")["history"]) == 2


def test_the_command_line_does_the_same_today(home: Path) -> None:
    began = datetime.now(UTC)
    run = scheduled(home, "run", "--json", env=BARE)
    again = scheduled(home, "run", "--json", env=BARE)
    ended = datetime.now(UTC)
    status = scheduled(home, "status", "--json", env=BARE)

    assert (run.code, run.err) == (0, "")
    done = json.loads(run.out)["runs"]
    assert {run["job"]: run["outcome"] for run in done} == dict.fromkeys(
        [*HOURLY, "daily_report"], "succeeded"
    )
    again_at = {run["slot"] for run in json.loads(again.out)["runs"]}
    assert again_at == (set() if began.hour == ended.hour else {f"{ended:%Y-%m-%dT%H}:00:00Z"})
    assert (central(home, "HEALTH")["healthy"], len(central(home, "HEALTH")["errors"])) == (0, 10)
    assert central(home, "METRICS")["memory"] == counted.memory(home)
    assert json.loads(status.out)["seed_state"]["health_check"]["last_status"] == {
        "healthy": 0,
        "warnings": 0,
        "errors": 10,
    }


def expected_issues(branch: dict[str, Any]) -> list[str]:
    """All that is wrong with a branch of this repository on the day its files were written."""
    folder: Path = branch["folder"]
    if not folder.is_dir():
        return ["Missing branch directory"]
    assert all(counted.lines(path) < 500 for path in counted.memory_files(folder))
    assert len(counted.memory_files(folder)) == 2
    issues = [] if (folder / ".ai_mail.local").is_dir() else ["Missing .ai_mail.local directory"]
    return [*issues, *([] if (folder / "README.md").exists() else ["README.md not found"])]


def everything_else(home: Path) -> dict[str, bytes]:
    """All files but the four that a tick writes."""
    ours = {f"{name}.central.json" for name in ("HEALTH", "METRICS", "AI_MAIL", "SCHEDULED")}
    files = [path for path in home.rglob("*") if path.is_file() and path.name not in ours]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}
