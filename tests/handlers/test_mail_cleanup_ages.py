"""How long mail has waited: by its timestamps, by its inbox, or unknown."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders.mail import NOW, ago, home_with, letter, mailbox_in
from tests.builders.tidied import archived, cleaned, inbox


@pytest.fixture
def drone(tmp_path: Path) -> Path:
    """The folder of the only branch of an ecosystem."""
    return home_with(tmp_path, "DRONE")["DRONE"]


def set_written(branch: Path, **age: float) -> None:
    """Have an inbox last written that long before NOW."""
    moment = (NOW - timedelta(**age)).timestamp()
    os.utime(branch / "ai_mail.local" / "inbox.json", (moment, moment))


def open_by_hand(branch: Path, **age: float) -> None:
    """Open all mail as people and scripts do, which leave no `opened_at`."""
    mailbox_in(branch, *({**message, "status": "opened"} for message in inbox(branch)["messages"]))
    set_written(branch, **age)


UNDATED = [{"status": "opened"}, {"status": None, "read": True}]


@pytest.mark.parametrize("state", UNDATED)
@pytest.mark.parametrize(
    ("written", "closed"), [({"days": 7}, 0), ({"days": 7, "seconds": 1}, 1), ({"days": -1}, 0)]
)
def test_f6_mail_opened_by_hand_counts_from_when_its_inbox_was_written(
    drone: Path, state: dict[str, Any], written: dict[str, float], closed: int
) -> None:
    mailbox_in(drone, letter(1, timestamp=ago(days=400), **state))
    set_written(drone, **written)

    result, _ = cleaned(drone)

    assert (result["auto_closed"], len(archived(drone))) == (closed, closed)


def test_f6_when_mail_was_first_seen_opened_is_kept_though_its_inbox_changes(drone: Path) -> None:
    mailbox_in(drone, letter(1, timestamp=ago(days=400)), letter(2, timestamp=ago(days=400)))
    open_by_hand(drone, days=6)
    assert cleaned(drone)[0]["auto_closed"] == 0

    mailbox_in(
        drone, letter(3, status="opened", timestamp=ago(days=400)), *inbox(drone)["messages"]
    )
    set_written(drone, minutes=5)
    later = cleaned(drone, now=NOW + timedelta(days=1, seconds=1))[0]["auto_closed"]

    assert later == 2
    assert [message["id"] for message in inbox(drone)["messages"]] == ["00000003"]
    assert cleaned(drone, now=NOW + timedelta(days=6, hours=23))[0]["auto_closed"] == 0
    assert cleaned(drone, now=NOW + timedelta(days=7))[0]["auto_closed"] == 1


def test_f6_a_message_that_looks_like_one_opened_long_ago_counts_from_its_own_opening(
    drone: Path,
) -> None:
    same = letter(1, status="opened", timestamp=ago(days=400))
    mailbox_in(drone, same)
    set_written(drone, days=6)
    cleaned(drone)

    mailbox_in(drone, same, same)
    set_written(drone, minutes=5)

    assert cleaned(drone, now=NOW + timedelta(days=2))[0]["auto_closed"] == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"%s": []}', '{"%s": {"x": [1]}}', None])
def test_f6_without_the_record_mail_counts_as_opened_later_and_never_earlier(
    drone: Path, content: str | None
) -> None:
    mailbox_in(drone, letter(1, status="opened", timestamp=ago(days=400)))
    set_written(drone, days=6)
    _, context = cleaned(drone)
    record = context.cache_dir / "opened_mail.json"
    assert record.stat().st_mode & 0o777 == 0o600
    if content is None:
        record.unlink()
    else:
        record.write_text(content.replace("%s", str(drone / "ai_mail.local")))
    mailbox_in(drone, *inbox(drone)["messages"])
    set_written(drone, minutes=5)

    assert cleaned(drone, now=NOW + timedelta(days=2))[0]["auto_closed"] == 0


def test_f6_an_opening_remembered_under_a_clock_that_was_ahead_counts_from_now(drone: Path) -> None:
    mailbox_in(drone, letter(1, status="opened", timestamp=ago(days=400)))
    set_written(drone, days=-3000)
    cleaned(drone, now=NOW + timedelta(days=3000))
    set_written(drone, days=0)

    assert cleaned(drone)[0]["auto_closed"] == 0
    assert cleaned(drone, now=NOW + timedelta(days=7, seconds=1))[0]["auto_closed"] == 1


@pytest.mark.parametrize("key", ["opened_at", "auto_opened_at", "timestamp"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("long ago", "not a timestamp: 'long ago'"),
        ({"at": 1}, "not a timestamp: \"{'at': 1}\""),
        ("9999-12-31 23:59:59", "date value out of range"),
    ],
)
def test_f8_a_message_of_unknown_age_is_named(
    drone: Path, key: str, value: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = "new" if key == "timestamp" else "opened"
    mailbox_in(drone, letter(1, status=status, **{key: value}), letter(2))
    set_written(drone, days=1)

    for _ in range(2):  # the second time from what is remembered
        result, _ = cleaned(drone)
        assert result["errors"] == 1
        assert result["problems"] == [f"DRONE: message 00000001: {reason}"]
        assert f"message 00000001: {reason}\n" in capsys.readouterr().out
    assert len(inbox(drone)["messages"]) == 2
