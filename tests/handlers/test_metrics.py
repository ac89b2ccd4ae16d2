from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import metrics
from scheduled.ecosystem.central import CentralFileError
from tests.builders import needs
from tests.builders.mail import NOW, ago, context_in, home_with, letter, mailbox_in, read_json


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home_with(tmp_path, "DRONE", "FLOW")
    return tmp_path


def measured(home: Path, **fields: Any) -> dict[str, Any]:
    """What METRICS.central.json says after a run."""
    metrics.run(context_in(home, job="metrics", **fields))
    document: dict[str, Any] = read_json(home / "AI_CENTRAL" / "METRICS.central.json")
    return document


def test_the_central_file_has_its_sections_and_its_folder_is_made(home: Path) -> None:
    document = measured(home)

    assert list(document) == ["timestamp", "logs", "memory", "mail", "branches", "history"]
    assert document["timestamp"] == "2026-03-07T12:00:00"
    assert document["logs"] == {}
    assert document["branches"] == {"total": 2, "by_status": {"active": 2}}


def test_mail_is_counted_for_each_branch_and_in_all(home: Path) -> None:
    mailbox_in(home / "drone", letter(1), letter(2, status="opened"))
    mailbox_in(home / "flow", letter(3))

    mail = measured(home)["mail"]

    assert mail["by_branch"]["DRONE"] == {"unread": 1, "total": 2}
    assert (mail["total_messages"], mail["total_unread"]) == (3, 2)


def test_an_inbox_that_cannot_be_read_is_counted_as_that(home: Path) -> None:
    (home / "flow" / "ai_mail.local" / "inbox.json").write_text("{")

    mail = measured(home)["mail"]

    assert (mail["unreadable"], list(mail["by_branch"])) == (1, ["DRONE"])


def test_memory_files_are_measured(home: Path) -> None:
    (home / "drone" / "DRONE.local.json").write_text("[\n" + "1,\n" * 700 + "1]\n")
    (home / "flow" / "FLOW.observations.json").write_text("{\n}\n")
    (home / "flow" / "DASHBOARD.local.json").write_text("{}")

    assert measured(home)["memory"] == {
        "file_count": 2,
        "total_size_bytes": 2 + 3 * 700 + 3 + 4,
        "total_lines": 704,
        "exceeding": 1,
    }


def test_logs_are_measured_and_their_errors_named(home: Path) -> None:
    (home / "system_logs").mkdir()
    text = f"{ago(minutes=5)} - captured_core - ERROR - x\n" * 20_000
    (home / "system_logs" / "flow_core.log").write_text(text)

    logs = measured(home)["logs"]

    assert (logs["file_count"], logs["total_size_bytes"]) == (1, len(text))
    assert logs["total_size_mb"] == round(len(text) / 1024 / 1024, 2)
    assert (logs["recent_errors"], logs["recent_warnings"]) == (20_000, 0)
    assert logs["errors_by_branch"] == {"FLOW": 20_000}


def test_history_keeps_seven_days_oldest_first(home: Path) -> None:
    for days in (9, 7, 6, 1):
        measured(home, now=NOW - timedelta(days=days))

    history = measured(home)["history"]

    dates = [each["timestamp"][:10] for each in history]
    assert dates == ["2026-03-01", "2026-03-06", "2026-03-07"]
    assert "history" not in history[0]
    assert history[-1]["mail"]["by_branch"].keys() == {"DRONE", "FLOW"}


def test_in_a_large_ecosystem_history_keeps_the_sums(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "BRANCHES_IN_HISTORY", 1)

    document = measured(home)

    assert "by_branch" in document["mail"]
    assert "by_branch" not in document["history"][0]["mail"]
    assert document["history"][0]["mail"]["total_messages"] == 0


@pytest.mark.parametrize("content", ["{", "[]", '{"history": {}}', ""])
def test_a_central_file_that_cannot_be_understood_is_kept_aside(home: Path, content: str) -> None:
    path = home / "AI_CENTRAL" / "METRICS.central.json"
    path.parent.mkdir()
    path.write_text(content)

    document = measured(home)

    assert len(document["history"]) == 1
    [aside] = path.parent.glob("*.corrupt-*")
    assert aside.read_text() == content


def test_entries_of_history_without_a_time_are_dropped(home: Path) -> None:
    path = home / "AI_CENTRAL" / "METRICS.central.json"
    path.parent.mkdir()
    path.write_text('{"history": [1, {"timestamp": "soon"}, null]}')

    assert len(measured(home)["history"]) == 1


def test_a_central_folder_that_cannot_be_made_fails_the_run_with_the_reason(home: Path) -> None:
    (home / "AI_CENTRAL").write_text("in the way")

    with pytest.raises(CentralFileError, match=r"METRICS\.central\.json: cannot be written"):
        measured(home)


def test_the_real_repository_is_measured(tmp_path: Path) -> None:
    home = needs.real_copy("aipass-repo", tmp_path / "home")

    document = measured(home)

    assert document["logs"]["file_count"] == 14
    assert document["memory"]["file_count"] == 16
    assert document["branches"]["total"] == 10
