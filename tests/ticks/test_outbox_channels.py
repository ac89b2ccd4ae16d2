"""The outbox and the channels of the configuration: in their order, nothing lost or doubled."""

import email
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.config.paths import Paths
from scheduled.notify import limits
from scheduled.notify.recipients import message_to
from scheduled.state import outbox_events
from scheduled.state.store import Store
from scheduled.ticks import outbox
from scheduled.ticks.outbox import Setup
from tests.builders import message_servers, sent
from tests.builders.mail import NOW, ZONE

WRITING = {"kind": "command", "command": 'echo "$SCHEDULED_SUBJECT" >> written'}
FAILING = {"kind": "command", "command": "echo no; exit 1"}
HANGING = {"kind": "command", "command": "sleep 3600"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state").load()


def put(store: Store, *numbers: int, to: str = "ops", now: datetime = NOW) -> None:
    """Record messages as incidents do: the event and its messages in one line."""
    messages = [message_to(to, sent.notice(number, created=now)).to_json() for number in numbers]
    store.record(now, outbox_events.risks_found([], [], messages))


def deliver(
    root: Path, store: Store, channels: dict[str, Any], after: float = 0, **fields: Any
) -> list[str]:
    places = Paths(root, None, store.state_dir, root / "central")
    given = Setup(channels=channels, config_dir=root, **fields)
    return outbox.deliver(store, places, ZONE, NOW + timedelta(minutes=after), given)


def waiting(store: Store) -> list[Any]:
    return [*Store(store.state_dir).load().state["outbox"]]


def written(root: Path) -> list[str]:
    return (root / "written").read_text().splitlines() if (root / "written").exists() else []


def test_a_channel_that_works_again_gets_all_that_waits_in_its_order(
    tmp_path: Path, store: Store
) -> None:
    put(store, 1)
    for minute in range(5):
        deliver(tmp_path, store, {"ops": FAILING}, minute)
    put(store, 2)

    deliver(tmp_path, store, {"ops": WRITING}, 5)

    assert written(tmp_path) == ["backup fails 1", "backup fails 2"]
    assert waiting(store) == []


def test_what_fails_is_tried_again_ever_more_seldom(tmp_path: Path, store: Store) -> None:
    put(store, 1)
    tried = []
    for minute in range(120):
        before = [entry.get("failures") for entry in waiting(store)]
        deliver(tmp_path, store, {"ops": FAILING}, minute)
        if [entry.get("failures") for entry in waiting(store)] != before:
            tried.append(minute)

    assert tried == [0, 1, 3, 7, 15, 31, 63]
    [entry] = waiting(store)
    assert entry["problem"] == "exit code 1: no"
    assert entry["created"] == "2026-03-07T11:00:00Z"


def test_after_one_that_hangs_the_others_wait_with_it(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5)
    put(store, 1, 2)

    deliver(tmp_path, store, {"ops": HANGING})

    assert [entry.get("failures", 0) for entry in waiting(store)] == [1, 1]
    assert outbox.next_due(store.state, NOW) == NOW + timedelta(minutes=1)
    deliver(tmp_path, store, {"ops": WRITING}, 1)
    assert written(tmp_path) == ["backup fails 1", "backup fails 2"]


def test_a_channel_that_hangs_holds_up_ever_fewer_ticks(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.1)
    put(store, 1, 2, 3)

    held_up = []
    for minute in range(40):
        before = waiting(store)
        deliver(tmp_path, store, {"ops": HANGING}, minute)
        held_up += [minute] if waiting(store) != before else []

    assert held_up == [0, 1, 3, 7, 15, 31]


def test_a_tick_that_loaded_the_state_before_delivers_nothing_again(
    tmp_path: Path, store: Store
) -> None:
    put(store, 1)
    late = Store(store.state_dir).load()

    deliver(tmp_path, store, {"ops": WRITING})
    deliver(tmp_path, late, {"ops": WRITING})

    assert written(tmp_path) == ["backup fails 1"]


def test_a_delivery_holds_neither_the_journal_nor_a_job(tmp_path: Path, store: Store) -> None:
    put(store, 1)
    code = (
        "import sys; from pathlib import Path; from scheduled.system import locks;"
        "state = Path(sys.argv[1]);"
        "locks.journal(state, 1).__enter__(); assert locks.take_job(state, 'backup')"
    )
    import sys

    command = [sys.executable, "-c", code, str(store.state_dir)]
    checkout = str(Path(__file__).parents[2])
    channel = {"kind": "command", "command": command, "env": {"PYTHONPATH": checkout}}

    assert deliver(tmp_path, store, {"ops": channel}) == []
    assert waiting(store) == []


def test_the_message_of_a_channel_that_was_removed_is_told_as_a_whole(
    tmp_path: Path, store: Store
) -> None:
    put(store, 1)
    told: list[str] = []

    deliver(tmp_path, store, {}, is_complete=True, tell=told.append)

    reason = "no channel is called ops"
    text = f"channel ops: this message is given up: {reason}\n  backup fails 1\n  | Text 1"
    assert told == [text]
    assert waiting(store) == []
    assert given_up(store) == [reason]


def given_up(store: Store) -> list[str]:
    lines = [
        json.loads(line)
        for path in sorted((store.state_dir / "journal").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return [line["given_up"] for line in lines if line.get("given_up")]


def test_a_channel_that_is_missing_for_a_mistake_keeps_its_messages(
    tmp_path: Path, store: Store
) -> None:
    put(store, 1)

    deliver(tmp_path, store, {}, is_complete=False)
    deliver(tmp_path, store, {"ops": WRITING}, 1)

    assert written(tmp_path) == ["backup fails 1"]


def test_after_a_week_a_message_is_given_up_and_told(tmp_path: Path, store: Store) -> None:
    put(store, 1)
    told: list[str] = []
    week = 7 * 24 * 60

    deliver(tmp_path, store, {"ops": FAILING}, week - 1, tell=told.append)
    assert told == []
    deliver(tmp_path, store, {"ops": FAILING}, week + 60, tell=told.append)

    assert told[0].startswith("channel ops: this message is given up: exit code 1: no\n")
    assert waiting(store) == []


def test_who_has_got_a_message_does_not_get_it_again(tmp_path: Path, store: Store) -> None:
    put(store, 1)
    with message_servers.running("smtp", tmp_path / "smtp") as server:
        mail = {"kind": "smtp", "host": "localhost", "port": server.port, "tls": "none"}
        to = [f"{name}@example.org" for name in ("bad", "me", "you")]
        for minute, mode in enumerate(("later", "later", "later", "ok", "ok", "ok", "ok", "ok")):
            server.be(mode)
            put(store, 2) if minute == 2 else None
            deliver(tmp_path, store, {"ops": {**mail, "to": to}}, minute)
        got = [(parsed["Subject"], word) for parsed, word in received(server)]

    subjects = ("backup fails 1", "backup fails 2")
    assert sorted(got) == [(subject, address) for subject in subjects for address in to]
    assert waiting(store) == []


def received(server: message_servers.Server) -> list[tuple[Any, str]]:
    return [
        (email.message_from_string(mail["mail"]), address)
        for mail in server.accepted
        for address in mail["to"]
    ]
