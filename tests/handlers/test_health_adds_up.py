"""What the health check says of mail and memory as AIPass has them today, and how it adds up."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from handlers import health
from scheduled.demo import example
from tests.builders.ecosystem import (
    NOW,
    add_memory,
    add_message,
    aged,
    central_file,
    context,
    entry,
    issues,
)


def test_f6_mail_opened_by_hand_is_as_old_as_its_inbox(home: Path) -> None:
    mailbox = home / "flow/ai_mail.local"
    add_message(mailbox, "opened today", NOW - timedelta(days=400), status="opened")
    aged(mailbox / "inbox.json", hours=23)
    assert issues(home) == {}

    assert issues(home, now=NOW + timedelta(hours=2)) == {
        "FLOW": ["inbox.json: 1 opened message for over 24 hours"]
    }


def test_f8_messages_of_unknown_age_are_named(home: Path) -> None:
    mailbox = home / "flow/ai_mail.local"
    for number in range(7):
        add_message(mailbox, f"message {number}", NOW, timestamp=f"day {number}")
    aged(mailbox / "inbox.json", hours=1)

    for _ in range(2):  # the second time from what is remembered
        assert issues(home)["FLOW"] == [
            *(
                f"inbox.json: message {number + 1:08x}: not a timestamp: 'day {number}'"
                for number in (6, 5, 4, 3, 2)
            ),
            "inbox.json: and 2 more of unknown age",
        ]


def test_f4_lists_at_and_near_their_limit_are_a_warning(home: Path) -> None:
    document = {
        "schema_version": "3.0.0",
        "sessions": [{}] * 20,
        "key_learnings": [{}] * 24,
        "observations": [{}] * 9,
    }
    (home / "flow/FLOW.local.json").write_text(json.dumps(document))

    assert issues(home) == {
        "FLOW": [
            "local.json: 20 sessions (threshold: 20), 24 key_learnings (approaching threshold)"
        ]
    }


def test_b8_the_numbers_of_branches_add_up_whatever_is_wrong_besides(home: Path) -> None:
    path = home / "BRANCH_REGISTRY.json"
    document = json.loads(path.read_text())
    names = ("HEALTHY", "OLD", "GONE", "LONG", "COPY")
    for name in names:
        example.add_branch(home, name, name.lower(), example.Layout.HOME, NOW)
    document["branches"] += [entry(name, str(home / name.lower())) for name in names]
    document["branches"][-4]["status"] = "archived"
    document["branches"][-1]["email"] = "@flow"
    path.write_text(json.dumps({**document, "metadata": {"total_branches": 99}}))
    shutil.rmtree(home / "gone")
    add_memory(home / "long", "LONG.local.json", 612)
    (home / "system_logs").mkdir()
    with (home / "system_logs/big.log").open("wb") as stream:
        stream.truncate(12 * 1024 * 1024)
    told = context(home)

    health.run(told)

    published = central_file(home)
    parts = (published["healthy"], published["inactive"])
    ill = (len(published["warnings"]), len(published["errors"]))
    assert (*parts, *ill) == (4, 1, 1, 1)
    assert published["branches"] == sum(parts) + sum(ill) == 7
    assert [found["what"] for found in published["ecosystem"]] == [path.name, "system_logs"]
    message = told.events[0][1]["message"]
    assert "Branches checked: 6\n" in message["body"]
    assert "**Warning: system_logs**\n" in message["body"]
    assert told.memory["last_status"] == {"healthy": 4, "warnings": 1, "errors": 1}


@pytest.mark.parametrize("status", ["new", "opened"])
def test_e11_a_notice_that_nobody_reads_causes_no_warning(home: Path, status: str) -> None:
    """Else the health check would mail about the mail that it sent."""
    mark = {"from": "@trigger", "status": status, "opened_at": "2026-11-01 10:00:00"}
    sent = NOW - timedelta(days=6)
    add_message(home / "flow/ai_mail.local", "a", sent, upsert_key="health", **mark)
    add_message(home / "flow/ai_mail.local", "b", sent, metadata={"sent_by": "scheduled"}, **mark)
    assert issues(home) == {}

    add_message(home / "flow/ai_mail.local", "from AIPass's own trigger", sent, **mark)
    assert len(issues(home)["FLOW"]) == 1


def test_e13_the_central_file_says_in_a_word_what_is_wrong_with_what(home: Path) -> None:
    add_memory(home / "drone", "DRONE.local.json", 612)
    (home / "drone/README.md").unlink()
    (home / "flow/DASHBOARD.local.json").write_text("{")

    health.run(context(home))

    document = central_file(home)
    assert document["kinds"] == {
        "warnings": [["memory over", "readme missing"]],
        "errors": [["dashboard unreadable"]],
    }
