"""examples/aipass-home in homes and repositories as AIPass has them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ecosystem, needs
from tests.builders.examples import FOLDER, Example


@pytest.fixture(params=["home", "repository"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Example:
    """The example in an ecosystem of either layout."""
    example = Example("aipass-home", tmp_path)
    entries = [ecosystem.entry(name) for name in ("DEV_CENTRAL", "FLOW", "SEED")]
    make = getattr(ecosystem, request.param)
    shutil.rmtree(example.root)
    example.root.mkdir()
    if request.param == "home":
        entries = [{**entry, "path": f"/home/aipass/{entry['path']}"} for entry in entries]
    make(example.root, {"metadata": {}, "branches": entries})
    shutil.copytree(FOLDER / "aipass-home", example.root, dirs_exist_ok=True)
    return example


def inbox(example: Example, branch: str) -> list[dict[str, Any]]:
    (path,) = (example.root / branch).glob("*ai_mail.local/inbox.json")
    messages: list[dict[str, Any]] = json.loads(path.read_text())["messages"]
    return messages


def memory_file(example: Example, branch: str) -> Path:
    found = [
        path
        for path in (example.root / branch).rglob("*local.json")
        if not path.name.startswith("DASHBOARD")
    ]
    return found[0]


def commits(example: Example) -> int:
    command = ["git", "-C", str(example.root / ".memory"), "rev-list", "--count", "HEAD"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_the_first_tick_looks_at_all_branches_and_the_report_is_mailed_in_the_morning(
    example: Example,
) -> None:
    first = example.tick("2026-11-21 14:00")
    example.tick("2026-11-22 07:00")

    assert {row["outcome"] for row in first.values()} == {"succeeded"}
    assert {"health", "mail_cleanup", "memory_rollover", "metrics"} <= first.keys()
    assert example.rows("daily_report")[-1]["slot"] == "2026-11-22T07:00:00Z"
    assert any("eport" in mail["subject"] for mail in inbox(example, "dev_central"))


def test_memory_files_have_a_history_and_one_run_makes_up_for_a_night(example: Example) -> None:
    needs.programs("git")
    example.tick("2026-11-21 14:00")
    example.tick("2026-11-21 14:50")
    path = memory_file(example, "flow")
    path.write_text(path.read_text().replace("session", "meeting", 1))

    late = example.tick("2026-11-22 06:55")["memory_snapshot"]
    idle = example.tick("2026-11-22 07:50")["memory_snapshot"]
    path.unlink()
    deleted = example.tick("2026-11-22 08:50")["memory_snapshot"]

    assert (late["result"], late["missed"]) == ({"changed": 1}, 15)
    assert idle["result"] == {"changed": 0}
    assert deleted["result"] == {"changed": 1}
    assert commits(example) == 3
    tracked = {str(path) for path in (example.root / ".memory").rglob("*.json")}
    assert len(tracked) >= 2
    assert not [name for name in tracked if "DASHBOARD" in name or "inbox" in name]


def test_what_fails_is_in_the_mailbox_of_dev_central_once(example: Example) -> None:
    example.tick("2026-11-21 14:00")
    example.stand_in("git", "exit 1")
    for hour in range(14, 19):
        for minute in (50, 53, 59):
            example.tick(f"2026-11-21 {hour}:{minute}")

    subjects = [mail["subject"] for mail in inbox(example, "dev_central")]

    assert len([subject for subject in subjects if "memory_snapshot" in subject]) == 1


@pytest.mark.parametrize("name", ["aipass-repo", "aipass-home"])
def test_it_works_in_data_of_a_real_ecosystem(name: str, tmp_path: Path) -> None:
    example = Example("aipass-home", tmp_path)
    files = {path.name: path.read_bytes() for path in example.root.iterdir() if path.is_file()}
    shutil.rmtree(example.root)
    needs.real_copy(name, example.root)
    for file, content in files.items():
        (example.root / file).write_bytes(content)
    shutil.copytree(FOLDER / "aipass-home/bin", example.root / "bin")

    rows = example.tick("2026-11-21 14:00")

    assert example.config().warnings == ()
    assert rows["metrics"]["outcome"] == "succeeded"
    assert rows["health"]["outcome"] == "succeeded"
