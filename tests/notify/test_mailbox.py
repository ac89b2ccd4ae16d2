"""The channel of mailboxes: mail arrives once, notices are updated, nothing else is touched."""

import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.ecosystem import mailbox as mailboxes
from scheduled.ecosystem.mailbox import Mailbox
from scheduled.notify import mailbox
from scheduled.notify.channel import Delivery
from scheduled.notify.message import Message
from tests.builders import needs, people
from tests.builders.locks import held_by_another
from tests.builders.mail import (
    NOW,
    deliver,
    home_with,
    inbox_of,
    letter,
    mailbox_in,
    read_json,
    write_json,
)


def message(to: str = "@drone", **fields: Any) -> Message:
    values: dict[str, Any] = {
        "subject": "[SCHEDULED] Something",
        "body": "Text",
        "priority": "low",
        "key": None,
        "id": "0000abcd",
        "created": NOW,
    }
    return Message(to=to, **{**values, **fields})


def notice(body: str = "Text", **fields: Any) -> Message:
    return message(body=body, **{"key": "scheduled:something", **fields})


def mail_of(branch: Path) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = read_json(branch / "ai_mail.local" / "inbox.json")["messages"]
    return messages


def set_fields(branch: Path, **fields: Any) -> None:
    """Change the newest message of a branch as its reader would."""
    mailbox_in(branch, {**mail_of(branch)[0], **fields})


def reasons(delivery: Delivery) -> Sequence[str]:
    return [reason for _, reason in delivery.failed]


@pytest.fixture
def drone(tmp_path: Path) -> Path:
    """A branch in an ecosystem that has @dev_central too."""
    return home_with(tmp_path, "DRONE", "DEV_CENTRAL")["DRONE"]


def test_mail_is_put_in_front_and_counted(drone: Path) -> None:
    mailbox_in(drone, letter(1, status="opened"))

    delivery = deliver(drone.parent, message())

    assert (delivery.delivered, delivery.failed) == ([message()], [])
    central = read_json(drone.parent / "central" / "AI_MAIL.central.json")
    assert central["branch_stats"] == {"DRONE": {"unread": 1, "total": 2}}
    inbox = read_json(drone / "ai_mail.local" / "inbox.json")
    assert inbox["messages"] == [
        {
            "id": "0000abcd",
            "timestamp": "2026-03-07 12:00:00",
            "from": "@trigger",
            "from_name": "TRIGGER",
            "subject": "[SCHEDULED] Something",
            "message": "Text",
            "status": "new",
            "auto_execute": False,
            "priority": "low",
            "metadata": {"sent_by": "scheduled"},
        },
        letter(1, status="opened"),
    ]
    assert (inbox["total_messages"], inbox["unread_count"]) == (2, 1)


def test_mail_delivered_again_is_not_there_twice(drone: Path) -> None:
    deliver(drone.parent, message())

    delivery = deliver(drone.parent, message())

    assert len(delivery.delivered) == 1
    assert len(mail_of(drone)) == 1


def test_two_messages_that_share_a_short_id_both_arrive(drone: Path) -> None:
    deliver(drone.parent, message(), message(subject="Another"))

    assert [each["subject"] for each in mail_of(drone)] == ["Another", "[SCHEDULED] Something"]


def test_a_notice_sent_again_with_nothing_new_is_not_written(drone: Path) -> None:
    deliver(drone.parent, notice())
    set_fields(drone, status="opened")
    before = (drone / "ai_mail.local" / "inbox.json").stat()

    delivery = deliver(drone.parent, notice(id="00000002", created=NOW + timedelta(hours=1)))

    assert len(delivery.delivered) == 1
    assert (drone / "ai_mail.local" / "inbox.json").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize(
    "read",
    [
        {},
        {"status": "opened"},
        {"status": "opened", "opened_at": "2026-03-07 12:30:00"},
        {"status": "opened", "auto_opened": True, "auto_opened_at": "2026-03-07 12:30:00"},
        {"status": None, "read": True},
        {"status": None, "read": False},
    ],
)
def test_f5_a_notice_with_news_is_updated_and_keeps_its_time_and_status(
    drone: Path, read: dict[str, Any]
) -> None:
    deliver(drone.parent, notice("one issue"))
    [first] = mail_of(drone)
    assert first["updates"] == 1
    set_fields(drone, **read)
    [before] = mail_of(drone)

    later = NOW + timedelta(hours=1)
    deliver(drone.parent, notice("two issues", id="2", created=later), now=later)

    [after] = mail_of(drone)
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    assert (changed.pop("message"), changed.pop("updates")) == ("two issues", 2)
    assert changed.pop("last_updated") == "2026-03-07 13:00:00"
    assert set(changed) == {"metadata"}
    assert set(after) == {*before, "last_updated"}


@pytest.mark.parametrize(
    ("stored", "counted"), [(0, 2), (1, 2), (7, 8), (-3, 2), ("many", 2), (None, 2), (2.5, 2)]
)
def test_f5_updates_count_from_one_whatever_is_stored(
    drone: Path, stored: Any, counted: int
) -> None:
    deliver(drone.parent, notice("one issue"))
    set_fields(drone, updates=stored)

    deliver(drone.parent, notice("two issues"))

    assert mail_of(drone)[0]["updates"] == counted


def test_the_fingerprint_decides_what_is_news(drone: Path) -> None:
    deliver(drone.parent, notice("Time: 12:00", fingerprint="the same issues"))

    deliver(drone.parent, notice("Time: 13:00", fingerprint="the same issues"))

    assert [each["message"] for each in mail_of(drone)] == ["Time: 12:00"]


@pytest.mark.parametrize("closed", ["gone", "left inside"])
def test_a_notice_its_reader_closed_comes_anew(drone: Path, closed: str) -> None:
    deliver(drone.parent, notice())
    if closed == "gone":
        mailbox_in(drone)
    else:
        set_fields(drone, status="closed")

    deliver(drone.parent, notice(id="00000002"))

    assert (mail_of(drone)[0]["id"], mail_of(drone)[0]["status"]) == ("00000002", "new")


def test_an_older_notice_that_waited_does_not_replace_a_newer_one(drone: Path) -> None:
    deliver(drone.parent, notice("new"))

    delivery = deliver(drone.parent, notice("old", created=NOW - timedelta(hours=1)))

    assert len(delivery.delivered) == 1
    assert [each["message"] for each in mail_of(drone)] == ["new"]


def test_of_several_notices_in_one_slot_the_newest_is_delivered(drone: Path) -> None:
    old = notice("old", id="00000001", created=NOW - timedelta(hours=1))

    delivery = deliver(drone.parent, notice("new", id="00000002"), old)

    assert [each.id for each in delivery.delivered] == ["00000002", "00000001"]
    assert [each["message"] for each in mail_of(drone)] == ["new"]


def test_somebody_elses_slot_with_our_key_is_left_alone(drone: Path) -> None:
    mailbox_in(drone, letter(1, upsert_key="scheduled:something"))

    deliver(drone.parent, notice())

    assert mail_of(drone)[1] == letter(1, upsert_key="scheduled:something")


def test_mail_to_an_unknown_recipient_falls_back_to_dev_central(drone: Path) -> None:
    delivery = deliver(drone.parent, message(to="@assistant"))

    [entry] = mail_of(drone.parent / "dev_central")
    assert entry["message"] == ("(Sent to @assistant, an unknown recipient.)\n\nText")
    assert [each.to for each in delivery.delivered] == ["@assistant"]


def test_without_dev_central_it_is_undeliverable_and_says_so(tmp_path: Path) -> None:
    home_with(tmp_path, "DRONE")

    delivery = deliver(tmp_path, message(to="@assistant"))

    assert reasons(delivery) == [
        "unknown recipient @assistant, and there is no @dev_central to read it instead"
    ]


@pytest.mark.parametrize(
    ("registry", "folder", "expected"),
    [
        ("BRANCH_REGISTRY.json", None, "ai_mail.local"),
        ("AIPASS_REGISTRY.json", None, ".ai_mail.local"),
        ("AIPASS_REGISTRY.json", ".trinity", ".ai_mail.local"),
        ("BRANCH_REGISTRY.json", ".trinity", ".ai_mail.local"),
        ("AIPASS_REGISTRY.json", "DRONE.observations.json", "ai_mail.local"),
    ],
)
def test_a9_a_branch_without_a_mailbox_gets_one_with_its_first_message(
    tmp_path: Path, registry: str, folder: str | None, expected: str
) -> None:
    (tmp_path / "drone").mkdir()
    if folder:
        (tmp_path / "drone" / folder).mkdir()
    write_json(tmp_path / registry, {"branches": [{"name": "drone", "path": "drone"}]})

    delivery = deliver(tmp_path, message())

    box = tmp_path / "drone" / expected
    assert delivery.failed == []
    inbox = read_json(box / "inbox.json")
    assert [m["id"] for m in inbox["messages"]] == ["0000abcd"]
    assert (inbox["mailbox"], inbox["total_messages"], inbox["unread_count"]) == ("inbox", 1, 1)
    assert (box / "sent").is_dir()
    central = read_json(tmp_path / "central" / "AI_MAIL.central.json")
    assert central["branch_stats"] == {"DRONE": {"unread": 1, "total": 1}}


def test_a9_a_mailbox_belongs_to_the_owner_of_the_branch(tmp_path: Path) -> None:
    needs.root()
    drone = people.give(home_with(tmp_path, "DRONE")["DRONE"])
    shutil.rmtree(drone / "ai_mail.local")

    assert deliver(tmp_path, message()).failed == []

    box = drone / "ai_mail.local"
    made = [box, box / "sent", box / "inbox.json", box / ".inbox.lock"]
    assert {path.stat().st_uid for path in made} == {drone.stat().st_uid}


def test_a9_no_mailbox_is_created_outside_a_branch(tmp_path: Path) -> None:
    drone = home_with(tmp_path, "DRONE")["DRONE"]
    shutil.rmtree(drone)

    delivery = deliver(tmp_path, message())

    assert reasons(delivery) == [f"{drone}: no such directory; correct the registry"]
    assert not drone.exists()


def test_a9_what_stands_in_the_place_of_a_mailbox_stays(tmp_path: Path) -> None:
    drone = home_with(tmp_path, "DRONE")["DRONE"]
    shutil.rmtree(drone / "ai_mail.local")
    (drone / "ai_mail.local").symlink_to("nowhere")

    delivery = deliver(tmp_path, message())

    assert "not a directory" in reasons(delivery)[0]
    assert os.readlink(drone / "ai_mail.local") == "nowhere"


def test_a_mailbox_without_an_inbox_gets_one(drone: Path) -> None:
    (drone / "ai_mail.local" / "inbox.json").unlink()

    deliver(drone.parent, message())

    assert read_json(drone / "ai_mail.local" / "inbox.json").keys() == inbox_of().keys()


def test_one_message_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "API", "CLI")
    broken = homes["API"] / "ai_mail.local" / "inbox.json"
    broken.write_text("{")

    delivery = deliver(tmp_path, message(to="@api"), message(to="@cli"))

    assert [each.to for each in delivery.delivered] == ["@cli"]
    assert "not JSON" in reasons(delivery)[0]
    assert broken.read_text() == "{"


def test_without_a_registry_everything_waits(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, message(), message(id="2"))

    assert len(delivery.failed) == 2
    assert "no registry" in reasons(delivery)[0]


def test_a_mailbox_that_is_held_is_waited_for_once(
    drone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []

    def editing(folder: Path, wait: float) -> AbstractContextManager[Mailbox]:
        waits.append(wait)
        return original(folder, 0.05)

    original = mailboxes.editing
    monkeypatch.setattr(mailboxes, "editing", editing)
    with held_by_another(drone / "ai_mail.local" / ".inbox.lock"):
        delivery = deliver(drone.parent, *(message(id=f"0000000{number}") for number in range(5)))

    assert waits == [mailbox.LOCK_WAIT]
    assert len(delivery.failed) == 5
    assert len(set(reasons(delivery))) == 1
    assert mail_of(drone) == []


def test_the_sender_keeps_a_copy_where_it_is_a_branch(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE", "TRIGGER")

    deliver(tmp_path, message())

    [copy] = (homes["TRIGGER"] / "ai_mail.local" / "sent").iterdir()
    assert copy.name == "20260307_120000_SCHEDULED_Something.json"
    assert (read_json(copy)["to"], read_json(copy)["status"]) == ("@drone", "sent")
    assert mail_of(homes["DRONE"])[0]["status"] == "new"


def test_a_copy_that_cannot_be_kept_costs_nothing(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "DRONE", "TRIGGER")
    (homes["TRIGGER"] / "ai_mail.local" / "sent").write_text("in the way")

    assert len(deliver(tmp_path, message()).delivered) == 1
