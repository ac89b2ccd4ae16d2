"""The notice about stale mail: complete until somebody has read it."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.notify import routes
from tests.builders.mail import NOW, ago, deliver, home_with, letter, mailbox_in
from tests.builders.tidied import cleaned, events, inbox


@pytest.fixture
def drone(tmp_path: Path) -> Path:
    """The folder of the only branch of an ecosystem."""
    return home_with(tmp_path, "DRONE")["DRONE"]


def digest_after(
    drone: Path, memory: dict[str, Any], *numbers: int, deliver_it: bool = True
) -> str:
    """The digest of a run in which these letters are closed; delivered unless told otherwise."""
    old = [letter(n, status="opened", opened_at=ago(days=8)) for n in numbers]
    mailbox_in(drone, *old, *inbox(drone)["messages"])
    _, context = cleaned(drone, memory=memory)
    [told] = events(context, "stale_mail")
    if deliver_it:
        sent = routes.messages_for("stale_mail", told, {}, NOW, seed=f"{numbers}")
        assert deliver(drone.parent, *sent).failed == []
    body: str = told["message"]["body"]
    count = len(named_in(body))
    assert told["message"]["subject"].endswith(
        "- 1 Message" if count == 1 else f"- {count} Messages"
    )
    return body


def named_in(body: str) -> list[int]:
    return [int(line.rsplit(" ", 1)[1]) for line in body.splitlines() if "Letter" in line]


def test_b9_a_digest_that_nobody_has_read_names_the_earlier_closures_too(drone: Path) -> None:
    memory: dict[str, Any] = {}

    assert named_in(digest_after(drone, memory, 1)) == [1]
    assert named_in(digest_after(drone, memory, 2, 3)) == [2, 3, 1]
    cleaned(drone, memory=memory)
    assert named_in(digest_after(drone, memory, 4)) == [4, 2, 3, 1]
    [notice] = inbox(drone)["messages"]
    assert (named_in(notice["message"]), notice["updates"]) == ([4, 2, 3, 1], 3)


@pytest.mark.parametrize("read", ["opened", "closed", "gone"])
def test_b9_a_digest_that_was_read_is_not_repeated(drone: Path, read: str) -> None:
    memory: dict[str, Any] = {}
    digest_after(drone, memory, 1)
    cleaned(drone, memory=memory)
    [notice] = inbox(drone)["messages"]
    mailbox_in(drone, *([] if read == "gone" else [{**notice, "status": read}]))

    assert named_in(digest_after(drone, memory, 2)) == [2]


def test_b9_a_digest_that_only_this_program_opened_is_unread(drone: Path) -> None:
    memory: dict[str, Any] = {}
    digest_after(drone, memory, 1)
    [notice] = inbox(drone)["messages"]
    opened = {"status": "opened", "auto_opened": True, "auto_opened_at": ago(hours=1)}
    mailbox_in(drone, {**notice, **opened})

    assert named_in(digest_after(drone, memory, 2)) == [2, 1]


def test_b9_a_digest_that_is_still_on_its_way_accumulates(drone: Path) -> None:
    memory: dict[str, Any] = {}
    digest_after(drone, memory, 1, deliver_it=False)
    cleaned(drone, memory=memory)

    assert named_in(digest_after(drone, memory, 2)) == [2, 1]


def test_b9_of_many_closures_the_newest_are_named_and_all_are_counted(drone: Path) -> None:
    memory: dict[str, Any] = {}
    mailbox_in(drone, *(letter(n, status="opened", opened_at=ago(days=8)) for n in range(60)))
    cleaned(drone, memory=memory)

    mailbox_in(drone, letter(99, status="opened", opened_at=ago(days=8)))
    _, context = cleaned(drone, memory=memory)

    [told] = events(context, "stale_mail")
    assert told["message"]["subject"].endswith("- 61 Messages")
    assert named_in(told["message"]["body"])[:2] == [99, 0]
    assert "- and 11 more" in told["message"]["body"]


@pytest.mark.parametrize("entry", [None, 7, {}, {"lines": [1], "total": 1, "seen": True}])
def test_b9_what_is_remembered_may_be_of_any_shape(drone: Path, entry: Any) -> None:
    memory = {"unread_digests": {str(drone / "ai_mail.local"): entry, "gone": entry}}

    assert named_in(digest_after(drone, memory, 1)) == [1]
    assert list(memory["unread_digests"]) == [str(drone / "ai_mail.local")]
