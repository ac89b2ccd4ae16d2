import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from handlers import memory_rollover
from scheduled.notify import routes
from tests.builders import ecosystem
from tests.builders.ecosystem import NOW, add_memory, context, entry
from tests.builders.mail import deliver, read_json

State = dict[str, Any]


def sweep(root: Path, memory: State, **more: Any) -> list[dict[str, Any]]:
    """One run with what the last one remembered; returns what it fired."""
    told = context(root, memory=memory, **more)
    memory_rollover.run(told)
    assert all(event == "memory_threshold_exceeded" for event, _ in told.events)
    return [data for _, data in told.events]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return ecosystem.home(tmp_path)


def test_a_file_over_its_limit_is_told_to_its_branch(home: Path) -> None:
    path = add_memory(home / "flow", "FLOW.observations.json", 612)

    (fired,) = sweep(home, {})

    message = fired.pop("message")
    assert fired == {
        "branch": "FLOW",
        "file_name": "FLOW.observations.json",
        "file_path": str(path),
        "line_count": 612,
        "threshold": 600,
        "email": "@flow",
    }
    assert message["subject"] == (
        "[SCHEDULED] Memory Rollover - FLOW.observations.json exceeds 600 lines"
    )
    assert "- 612 lines (threshold: 600)\n" in message["body"]
    assert message["key"] == "memory:FLOW.observations.json"


def test_600_lines_are_within_the_limit_and_601_are_not(home: Path) -> None:
    add_memory(home / "flow", "FLOW.local.json", 600)
    assert sweep(home, {}) == []

    add_memory(home / "flow", "FLOW.local.json", 601)
    assert len(sweep(home, {})) == 1


def test_a_file_is_told_once_until_it_was_back_under(home: Path) -> None:
    memory: State = {}
    add_memory(home / "flow", "FLOW.local.json", 700)

    assert [len(sweep(home, memory)) for _ in range(3)] == [1, 0, 0]
    add_memory(home / "flow", "FLOW.local.json", 720)
    assert sweep(home, memory) == []
    assert memory["notified_files"] == ["FLOW:FLOW.local.json"]

    add_memory(home / "flow", "FLOW.local.json", 300)
    assert sweep(home, memory) == []
    assert memory["notified_files"] == []

    add_memory(home / "flow", "FLOW.local.json", 700)
    assert len(sweep(home, memory)) == 1


def test_the_seed_keys_are_remembered_beside_what_was_there(home: Path) -> None:
    add_memory(home / "drone", "DRONE.local.json", 700)
    memory = {"unknown": 1, "notified_files": ["GONE:GONE.local.json"], "last_check": "2020"}

    sweep(home, memory)

    assert memory == {
        "unknown": 1,
        "notified_files": ["DRONE:DRONE.local.json"],
        "last_check": "2026-11-21T14:00:00",
    }


@pytest.mark.parametrize("broken", [None, "FLOW", {}, [1, None, ["x"]]])
def test_a_memory_of_the_wrong_shape_is_taken_for_empty(home: Path, broken: Any) -> None:
    add_memory(home / "flow", "FLOW.local.json", 700)

    assert len(sweep(home, {"notified_files": broken})) == 1


def test_a_branch_that_cannot_be_looked_into_is_not_told_again_when_it_is_back(
    home: Path,
) -> None:
    memory: State = {}
    add_memory(home / "flow", "FLOW.local.json", 700)
    sweep(home, memory)

    shutil.move(home / "flow", home / "unmounted")
    assert sweep(home, memory) == []
    shutil.move(home / "unmounted", home / "flow")
    assert sweep(home, memory) == []


def test_a_file_that_cannot_be_read_for_a_while_is_not_told_again(home: Path) -> None:
    memory: State = {}
    path = add_memory(home / "flow", "FLOW.local.json", 700)
    sweep(home, memory)

    path.rename(home / "aside")
    path.symlink_to(path.name)
    assert sweep(home, memory) == []
    (home / "aside").replace(path)
    assert sweep(home, memory) == []


def test_a_file_that_is_gone_or_unregistered_is_forgotten(home: Path) -> None:
    memory = {"notified_files": ["FLOW:GONE.local.json", "NOBODY:NOBODY.local.json"]}

    sweep(home, memory)

    assert memory["notified_files"] == []


def test_the_result_lists_what_exceeds_even_if_nobody_is_told_again(home: Path) -> None:
    add_memory(home / "flow", "FLOW.local.json", 700)
    memory: State = {}
    sweep(home, memory)

    result: Any = memory_rollover.run(context(home, memory=memory))

    assert (result["files"], result["notified"]) == (4, 0)
    assert [file["file_name"] for file in result["exceeding"]] == ["FLOW.local.json"]


def test_both_layouts_limits_of_files_and_of_branches_count(tmp_path: Path) -> None:
    root = ecosystem.repository(tmp_path)
    add_memory(root / "drone", ".trinity/local.json", 101, limit=100)
    add_memory(root / "flow", ".trinity/local.json", 101, limit=None)

    fired = sweep(root, {}, params={"limits": {"flow": 90}})

    assert [(event["branch"], event["file_name"], event["threshold"]) for event in fired] == [
        ("DRONE", "local.json", 100),
        ("FLOW", "local.json", 90),
    ]


def test_a_branch_inside_another_is_told_once(tmp_path: Path) -> None:
    document = {"branches": [entry("OUTER", "outer"), entry("INNER", "outer/inner")]}
    root = ecosystem.home(tmp_path, document)
    add_memory(root / "outer/inner", "INNER.local.json", 700)

    assert [file["branch"] for file in sweep(root, {})] == ["INNER"]


def test_dashboards_closed_plans_and_inactive_branches_are_left_out(home: Path) -> None:
    for name in ("DASHBOARD.local.json", "CLOSED_PLANS.local.json"):
        add_memory(home / "flow", name, 700)
    add_memory(home / "drone", "DRONE.local.json", 700)
    path = home / "BRANCH_REGISTRY.json"
    document = json.loads(path.read_text())
    document["branches"][0]["status"] = "archived"
    path.write_text(json.dumps(document))

    assert sweep(home, {}) == []


def test_a_corrupt_file_over_the_limit_still_counts(home: Path) -> None:
    (home / "flow/FLOW.local.json").write_text("{ not json\n" * 700)

    assert [file["line_count"] for file in sweep(home, {})] == [700]


def test_a9_a_branch_without_a_mailbox_gets_what_was_told_once(home: Path) -> None:
    add_memory(home / "flow", "FLOW.local.json", 700)
    shutil.rmtree(home / "flow" / "ai_mail.local")
    told = context(home, memory={})
    memory_rollover.run(told)
    assert told.memory["notified_files"] == ["FLOW:FLOW.local.json"]

    ((event, data),) = told.events
    delivery = deliver(home, *routes.messages_for(event, data, {}, NOW, seed="run-1"))

    assert delivery.failed == []
    (message,) = read_json(home / "flow" / "ai_mail.local" / "inbox.json")["messages"]
    assert message["upsert_key"] == "memory:FLOW.local.json"


def test_f4_a_list_with_as_many_entries_as_aipass_rolls_over_is_told(home: Path) -> None:
    memory: State = {}
    path = home / "flow" / "FLOW.local.json"
    document = {"document_metadata": {"schema_version": "3.0.0"}, "sessions": [{}] * 19}
    path.write_text(json.dumps({**document, "key_learnings": [{}] * 25}))

    (fired,) = sweep(home, memory)

    message = fired["message"]
    assert (fired["line_count"], fired["threshold"]) == (1, None)
    assert fired["entries"] == {"key_learnings": {"count": 25, "threshold": 25}}
    assert message["subject"].endswith("FLOW.local.json holds 25 key_learnings")
    assert "- 25 key_learnings (threshold: 25)\n" in message["body"]
    assert "until it has fewer than 25 key_learnings." in message["body"]
    assert sweep(home, memory) == []
    path.write_text(json.dumps({**document, "key_learnings": [{}] * 24}))
    assert sweep(home, memory) == []
    path.write_text(json.dumps({**document, "sessions": [{}] * 20}))
    assert [told["entries"] for told in sweep(home, memory)] == [
        {"sessions": {"count": 20, "threshold": 20}}
    ]
