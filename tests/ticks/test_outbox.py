"""The outbox: what waits is tried again, ever more seldom, and never lost or doubled."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.config.paths import Paths
from scheduled.notify.channels import CHANNELS
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.ticks import outbox
from tests.builders.mail import NOW, ZONE, FileChannel, home_with, read_json, write_json

EVENT = ("data_loss_risk", {"message": {"body": "The disk is full."}})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A state with one message in its outbox, for @dev_central."""
    return with_event_for(Store(tmp_path / "state").load(), "@dev_central")


ROUTE = {"to": "@dev_central", "priority": "critical"}


def with_event_for(store: Store, to: str) -> Store:
    """The state after a run that fired EVENT, which is routed to `to`."""
    messages = outbox.messages([EVENT], {"data_loss_risk": {**ROUTE, "to": to}}, "r1", NOW)
    end = {"event": "end", "job": "j", "run_id": "r1", "outcome": "succeeded", "error": ""}
    store.record(NOW, {**end, "finished_at": "2026-03-07T11:00:00Z", "outgoing": messages})
    return store


def deliver(store: Store, root: Path, now: datetime = NOW) -> list[str]:
    places = Paths(root, None, store.state_dir, root / "central")
    return outbox.deliver(store, places, ZONE, now)


def waiting(store: Store) -> list[Any]:
    return [*Store(store.state_dir).load().state["outbox"]]


def test_what_is_delivered_is_in_the_mailbox_and_no_longer_in_the_outbox(
    tmp_path: Path, store: Store
) -> None:
    home = home_with(tmp_path, "DEV_CENTRAL")

    problems = deliver(store, tmp_path)

    assert problems == []
    assert waiting(store) == []
    (message,) = read_json(home["DEV_CENTRAL"] / "ai_mail.local/inbox.json")["messages"]
    assert "The disk is full." in message["message"]


def test_the_same_message_twice_is_in_the_mailbox_once(tmp_path: Path, store: Store) -> None:
    home = home_with(tmp_path, "DEV_CENTRAL")
    died_before_it_was_recorded = Store(store.state_dir).load()
    deliver(store, tmp_path)
    died_before_it_was_recorded.record = store.record  # type: ignore[method-assign]

    deliver(died_before_it_was_recorded, tmp_path)

    assert len(read_json(home["DEV_CENTRAL"] / "ai_mail.local/inbox.json")["messages"]) == 1


def test_what_cannot_be_delivered_waits_and_says_why(tmp_path: Path, store: Store) -> None:
    problems = deliver(store, tmp_path)

    assert len(problems) == 1
    assert problems[0].startswith("mail to @dev_central waits in the outbox: ")
    assert [message["failures"] for message in waiting(store)] == [1]
    assert outbox.next_due(store.state, NOW) == NOW + timedelta(seconds=60)


def test_it_is_tried_when_its_wait_is_over_and_the_wait_doubles(
    tmp_path: Path, store: Store
) -> None:
    now, waits = NOW, []
    for _ in range(8):
        deliver(store, tmp_path, now)
        due = outbox.next_due(store.state, now)
        assert due is not None
        assert deliver(store, tmp_path, due - timedelta(seconds=1)) == []
        waits.append((due - now).total_seconds() / 60)
        now = due

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [message["failures"] for message in waiting(store)] == [8]


def test_what_is_delivered_is_counted_in_the_central_file_of_the_mail(
    tmp_path: Path, store: Store
) -> None:
    home_with(tmp_path, "DEV_CENTRAL")

    deliver(store, tmp_path)

    counts = read_json(tmp_path / "central" / "AI_MAIL.central.json")["branch_stats"]
    assert counts["DEV_CENTRAL"]["unread"] == 1


def test_a_central_file_that_cannot_be_written_is_reported_and_costs_no_mail(
    tmp_path: Path, store: Store
) -> None:
    home_with(tmp_path, "DEV_CENTRAL")
    (tmp_path / "central").touch()

    problems = deliver(store, tmp_path)

    assert len(problems) == 1
    assert "AI_MAIL.central.json" in problems[0]
    assert waiting(store) == []


def test_mail_that_cannot_be_delivered_leaves_the_central_file_as_it_is(
    tmp_path: Path, store: Store
) -> None:
    counts = write_json(tmp_path / "central" / "AI_MAIL.central.json", {"branch_stats": {"A": {}}})
    before = counts.read_bytes()

    deliver(store, tmp_path)

    assert counts.read_bytes() == before


def test_while_another_tick_delivers_nothing_is_done(tmp_path: Path, store: Store) -> None:
    home_with(tmp_path, "DEV_CENTRAL")
    theirs = locks.take(store.state_dir, "outbox")
    assert theirs is not None

    deliver(store, tmp_path)
    theirs.release()

    assert len(waiting(store)) == 1
    deliver(store, tmp_path)
    assert waiting(store) == []


def test_an_event_is_told_by_the_channel_that_its_route_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANNELS, "file", FileChannel)
    store = with_event_for(Store(tmp_path / "state").load(), "file:alerts")

    assert deliver(store, tmp_path) == ["written"]

    assert (tmp_path / "alerts").read_text() == "data_loss_risk\n"
    assert waiting(store) == []


def test_an_empty_outbox_is_never_due(tmp_path: Path) -> None:
    assert outbox.next_due(Store(tmp_path).load().state, NOW) is None


def test_two_events_of_one_run_are_two_messages(tmp_path: Path) -> None:
    messages = outbox.messages([EVENT, EVENT], {"data_loss_risk": ROUTE}, "r1", NOW)
    again = outbox.messages([EVENT], {"data_loss_risk": ROUTE}, "r1", NOW)

    assert len({message["id"] for message in messages}) == 2
    assert again[0]["id"] == messages[0]["id"]
