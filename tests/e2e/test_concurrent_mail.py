"""Ten thousand messages delivered by two other programs while we clean up: none is lost."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from handlers import mail_cleanup
from scheduled.notify.message import Message
from tests.builders.mail import NOW, ago, context_in, deliver, home_with, read_json

INBOXES = 20
WRITERS = 2
EACH = 250
"""Messages a writer puts into each inbox: rewriting one inbox 10,000 times would take for ever."""

# As ai_mail delivers: a blocking flock around read, change and a plain write in place.
WRITER = """
import fcntl, json, sys
writer, each, ages, *inboxes = json.load(sys.stdin)
for number in range(each):
    for place, folder in enumerate(inboxes):
        timestamp, status = ages[(number + place) % len(ages)]
        with open(folder + "/.inbox.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with open(folder + "/inbox.json") as stream:
                inbox = json.load(stream)
            inbox["messages"].insert(0, {
                "id": f"{writer:02x}{place:02x}{number:04x}", "timestamp": timestamp,
                "from": "@seed", "subject": "Same subject", "status": status,
            })
            inbox["total_messages"] = len(inbox["messages"])
            inbox["unread_count"] = sum(m["status"] == "new" for m in inbox["messages"])
            with open(folder + "/inbox.json", "w") as stream:
                json.dump(inbox, stream)
"""

AGES = [
    (ago(hours=1), "new"),
    (ago(days=3), "new"),
    (ago(days=1), "opened"),
    (ago(days=8), "opened"),
]
"""To be left, opened, left, and closed."""


def writer(number: int, mailboxes: list[Path]) -> subprocess.Popen[bytes]:
    """A program that delivers, under way."""
    process = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE)
    assert process.stdin
    folders = [str(folder) for folder in mailboxes]
    process.stdin.write(json.dumps([number, EACH, AGES, *folders]).encode())
    process.stdin.close()
    return process


def messages_in(folder: Path) -> list[dict[str, Any]]:
    """Everything a mailbox holds, closed or not."""
    closed = [read_json(path) for path in (folder / "deleted").iterdir()]
    return [*read_json(folder / "inbox.json")["messages"], *closed]


@pytest.mark.slow
def test_of_ten_thousand_messages_none_is_lost_or_doubled(tmp_path: Path) -> None:
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
