"""Thousands of messages delivered by other programs while we clean up: none is lost."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import mail_cleanup
from scheduled.notify.message import Message
from tests.builders import soak
from tests.builders.mail import NOW, ZONE, ago, context_in, deliver, home_with, read_json

INBOXES = 20
WRITERS = 2
EACH = soak.count(100, 250)
"""Messages a writer puts into each inbox: rewriting one inbox 10,000 times would take for ever."""

# As ai_mail delivers: a blocking flock around read, change and a plain write in place.
WRITER = """
import fcntl, json, sys
writer, each, ages, *inboxes = json.load(sys.stdin)
for number in range(each):
    for place, folder in enumerate(inboxes):
        fields = ages[(number + place) % len(ages)]
        with open(folder + "/.inbox.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with open(folder + "/inbox.json") as stream:
                inbox = json.load(stream)
            inbox["messages"].insert(0, {
                "id": f"{writer:02x}{place:02x}{number:04x}",
                "from": "@seed", "subject": "Same subject", **fields,
            })
            inbox["total_messages"] = len(inbox["messages"])
            inbox["unread_count"] = sum(m["status"] == "new" for m in inbox["messages"])
            with open(folder + "/inbox.json", "w") as stream:
                json.dump(inbox, stream)
"""

Fields = dict[str, str]

AGES: list[Fields] = [
    {"timestamp": ago(hours=1), "status": "new"},
    {"timestamp": ago(days=3), "status": "new"},
    {"timestamp": ago(days=1), "status": "opened"},
    {"timestamp": ago(days=9), "status": "opened", "opened_at": ago(days=8)},
]
"""To be left, opened, left, and closed."""


def writer(
    number: int, mailboxes: list[Path], each: int = EACH, ages: list[Fields] = AGES
) -> subprocess.Popen[bytes]:
    """A program that delivers, under way."""
    process = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE)
    assert process.stdin
    folders = [str(folder) for folder in mailboxes]
    process.stdin.write(json.dumps([number, each, ages, *folders]).encode())
    process.stdin.close()
    return process


def closed_in(folder: Path) -> list[dict[str, Any]]:
    """What a mailbox has archived."""
    return [read_json(path) for path in (folder / "deleted").iterdir()]


def messages_in(folder: Path) -> list[dict[str, Any]]:
    """Everything a mailbox holds, closed or not."""
    return [*read_json(folder / "inbox.json")["messages"], *closed_in(folder)]


@pytest.mark.slow
def test_of_thousands_of_messages_none_is_lost_or_doubled(tmp_path: Path) -> None:
    homes = home_with(tmp_path, *(f"BRANCH{number}" for number in range(INBOXES)))
    mailboxes = [home / "ai_mail.local" for home in homes.values()]
    writers = [writer(number, mailboxes) for number in range(WRITERS)]

    opened, closed, errors, rounds = 0, 0, 0, 0
    ended = False
    while not ended:
        ended = all(process.poll() is not None for process in writers)
        result: dict[str, Any] = mail_cleanup.run(context_in(tmp_path))
        opened += result["auto_opened"]
        closed += result["auto_closed"]
        errors += result["errors"]
        notice = Message(f"@branch{rounds % 2}", "Round", "Text", "low", None, f"{rounds:08x}", NOW)
        assert deliver(tmp_path, notice).failed == []
        rounds += 1

    found = [message for folder in mailboxes for message in messages_in(folder)]
    ids = Counter(message["id"] for message in found if message["from"] == "@seed")
    everything = INBOXES * WRITERS * EACH
    assert [process.returncode for process in writers] == [0] * WRITERS
    assert (len(ids), set(ids.values())) == (everything, {1})
    assert sum(message["from"] == "@trigger" for message in found) == rounds
    assert (opened, closed, errors) == (everything // 4, everything // 4, 0)
    assert rounds > 3
    for folder in mailboxes:
        inbox = read_json(folder / "inbox.json")
        statuses = [message["status"] for message in inbox["messages"]]
        assert inbox["total_messages"] == len(statuses)
        assert inbox["unread_count"] == statuses.count("new")


@pytest.mark.slow
def test_f6_none_is_closed_that_was_opened_less_than_seven_days_ago(tmp_path: Path) -> None:
    start = datetime.now(UTC)

    def before(**age: float) -> str:
        return f"{(start - timedelta(**age)).astimezone(ZONE):%Y-%m-%d %H:%M:%S}"

    delivered = before(days=40)
    ages = [
        {"timestamp": before(hours=1), "status": "new"},
        {"timestamp": delivered, "status": "new"},
        {"timestamp": delivered, "status": "opened"},
        {"timestamp": delivered, "status": "opened", "opened_at": before(days=6)},
        {"timestamp": delivered, "status": "opened", "opened_at": before(days=8)},
    ]
    homes = home_with(tmp_path, "one", "two", "three", "four", "five")
    mailboxes = [home / "ai_mail.local" for home in homes.values()]
    each = soak.count(20, 100)
    writers = [writer(number, mailboxes, each, ages) for number in range(4)]
    everything = len(writers) * each * len(mailboxes)

    for _ in range(20):
        mail_cleanup.run(context_in(tmp_path, now=start))
    assert [process.wait() for process in writers] == [0] * len(writers)
    mail_cleanup.run(context_in(tmp_path, now=start))

    found = Counter(message["id"] for folder in mailboxes for message in messages_in(folder))
    assert (len(found), set(found.values())) == (everything, {1})
    closed = [message for folder in mailboxes for message in closed_in(folder)]
    assert {message.get("opened_at") for message in closed} == {before(days=8)}
    assert len(closed) == everything // len(ages)
    mail_cleanup.run(context_in(tmp_path, now=start + timedelta(days=6, hours=23)))
    closed = [message for folder in mailboxes for message in closed_in(folder)]
    assert {message.get("opened_at") for message in closed} == {before(days=6), before(days=8)}
    assert_counted_as_ai_mail_reads_them(tmp_path, mailboxes)


def assert_counted_as_ai_mail_reads_them(root: Path, mailboxes: list[Path]) -> None:
    stats = read_json(root / "AI_CENTRAL" / "AI_MAIL.central.json")["branch_stats"]
    inboxes = {folder.parent.name.upper(): read_json(folder / "inbox.json") for folder in mailboxes}
    assert stats == {
        name: {"unread": inbox["unread_count"], "total": inbox["total_messages"]}
        for name, inbox in inboxes.items()
    }
