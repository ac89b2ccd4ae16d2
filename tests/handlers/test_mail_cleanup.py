import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import mail_cleanup
from tests.builders.mail import (
    ago,
    context_in,
    home_with,
    inbox_of,
    letter,
    mailbox_in,
    read_json,
    write_json,
)
from tests.builders.tidied import archived, cleaned, events, inbox

NOW_LOCAL = "2026-03-07T12:00:00"


@pytest.fixture
def drone(tmp_path: Path) -> Path:
    """The folder of the only branch of an ecosystem."""
    return home_with(tmp_path, "DRONE")["DRONE"]


def test_new_mail_of_more_than_48_hours_is_opened(drone: Path) -> None:
    mailbox_in(drone, letter(1, timestamp=ago(hours=48, seconds=1)))

    result, _ = cleaned(drone)

    message = inbox(drone)["messages"][0]
    assert (message["status"], message["auto_opened"]) == ("opened", True)
    assert message["auto_opened_at"] == NOW_LOCAL
    assert inbox(drone)["unread_count"] == 0
    assert (result["auto_opened"], result["auto_closed"], result["errors"]) == (1, 0, 0)


def test_opened_mail_of_more_than_7_days_is_closed_and_archived(drone: Path) -> None:
    old = letter(
        1, status="opened", timestamp=ago(days=7, seconds=1), opened_at=ago(days=7, seconds=1)
    )
    mailbox_in(drone, letter(2), old)

    result, _ = cleaned(drone)

    assert inbox(drone) == inbox_of(letter(2))
    assert [read_json(path)["id"] for path in archived(drone)] == ["00000001"]
    assert result["auto_closed"] == 1


@pytest.mark.parametrize(
    "message",
    [
        letter(timestamp=ago(hours=48)),
        letter(status="opened", timestamp=ago(days=7), opened_at=ago(days=7)),
        letter(status="opened", timestamp=ago(days=30), opened_at=ago(days=7)),
        letter(status="opened", timestamp=ago(days=30), auto_opened_at=ago(days=7)),
        letter(status="closed", timestamp=ago(days=30)),
        letter(timestamp=ago(hours=-5)),
    ],
    ids=["new 48 h", "opened 7 d", "opened_at", "auto_opened_at", "closed", "of the future"],
)
def test_what_is_not_overdue_is_untouched(drone: Path, message: dict[str, Any]) -> None:
    mailbox_in(drone, message)
    before = (drone / "ai_mail.local" / "inbox.json").read_bytes()

    cleaned(drone)

    assert (drone / "ai_mail.local" / "inbox.json").read_bytes() == before


def test_a_message_changes_once_a_run_however_old_it_is(drone: Path) -> None:
    mailbox_in(drone, letter(timestamp=ago(days=400)))

    cleaned(drone)
    cleaned(drone)

    assert inbox(drone)["messages"][0]["status"] == "opened"
    assert archived(drone) == []


def test_a_bad_timestamp_costs_that_message_alone(drone: Path) -> None:
    mailbox_in(drone, letter(1, timestamp="long ago"), letter(2, timestamp=ago(days=3)))

    result, _ = cleaned(drone)

    assert [m["status"] for m in inbox(drone)["messages"]] == ["new", "opened"]
    assert (result["auto_opened"], result["errors"]) == (1, 1)


@pytest.mark.parametrize(
    "timestamp",
    ["2026-03-05T10:59:59Z", "2026-03-05T11:59:59", "2026-03-05T05:59:59-05:00", 1772708399],
)
def test_a_timestamp_of_any_form_counts(drone: Path, timestamp: Any) -> None:
    mailbox_in(drone, letter(timestamp=timestamp))

    assert cleaned(drone)[0]["auto_opened"] == 1


def test_an_unreadable_inbox_is_left_and_the_others_are_tidied(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "API", "BROKEN", "CLI")
    for name in ("API", "CLI"):
        mailbox_in(homes[name], letter(timestamp=ago(days=3)))
    broken = homes["BROKEN"] / "ai_mail.local" / "inbox.json"
    broken.write_text('{"messages": [')

    result, _ = cleaned(homes["API"])

    assert (result["auto_opened"], result["errors"], result["inboxes"]) == (2, 1, 3)
    assert broken.read_text() == '{"messages": ['
    assert "BROKEN" in result["problems"][0]


def test_a_branch_without_a_mailbox_is_passed_over(tmp_path: Path) -> None:
    home_with(tmp_path, "API")
    write_json(
        tmp_path / "BRANCH_REGISTRY.json",
        {"branches": [{"name": "GONE", "path": "gone"}, {"name": "API", "path": "api"}]},
    )

    result, _ = cleaned(tmp_path / "api")

    assert (result["inboxes"], result["errors"]) == (1, 0)


def test_a_branch_that_cannot_be_looked_at_is_passed_over(tmp_path: Path) -> None:
    home_with(tmp_path, "API")
    write_json(
        tmp_path / "BRANCH_REGISTRY.json",
        {"branches": [{"name": "LONG", "path": "x" * 5000}, {"name": "API", "path": "api"}]},
    )

    assert cleaned(tmp_path / "api")[0]["inboxes"] == 1


def test_old_messages_without_a_status_are_opened(drone: Path) -> None:
    mailbox_in(drone, letter(status=None, read=False, timestamp=ago(days=3)))

    cleaned(drone)

    message = inbox(drone)["messages"][0]
    assert (message["status"], message["read"]) == ("opened", True)


def test_dispatched_mail_is_moved_on_and_nothing_else(drone: Path) -> None:
    mailbox_in(
        drone, letter(timestamp=ago(days=3), auto_execute=True, dispatched_to="@flow", subject="go")
    )

    _, context = cleaned(drone)

    message = inbox(drone)["messages"][0]
    assert (message["auto_execute"], message["dispatched_to"]) == (True, "@flow")
    assert [event for event, _ in context.events] == ["stale_mail", "mail_cleanup_complete"]


def test_a_branch_gets_one_digest_a_run(drone: Path) -> None:
    mailbox_in(
        drone,
        letter(1, subject="Waiting\n# since long", timestamp=ago(days=3)),
        letter(2, subject="Second", timestamp=ago(days=4)),
        letter(3, subject="Closed", status="opened", timestamp=ago(days=9), opened_at=ago(days=9)),
    )

    _, context = cleaned(drone)

    [digest] = events(context, "stale_mail")
    assert (digest["branch"], digest["email"]) == ("DRONE", "@drone")
    assert [m["id"] for m in digest["messages"]] == ["00000001", "00000002", "00000003"]
    assert digest["message"]["subject"] == "[SCHEDULED] Stale Mail - 3 Messages"
    assert "@seed: Waiting # since long\n" in digest["message"]["body"]
    assert digest["message"]["key"]


def test_a_digest_still_lists_what_an_earlier_run_opened(drone: Path) -> None:
    mailbox_in(
        drone,
        letter(1, subject="Fresh", timestamp=ago(days=3)),
        letter(2, subject="Earlier", status="opened", auto_opened=True, auto_opened_at=ago(days=1)),
    )

    _, context = cleaned(drone)

    assert "Earlier" in events(context, "stale_mail")[0]["message"]["body"]


def test_our_own_notices_are_moved_on_without_another_notice(drone: Path) -> None:
    notice = {"from": "@trigger", "upsert_key": "scheduled:stale_mail"}
    mailbox_in(
        drone,
        letter(1, timestamp=ago(days=3)) | notice,
        letter(2, status="opened", timestamp=ago(days=9), opened_at=ago(days=9)) | notice,
    )

    result, context = cleaned(drone)

    assert (result["auto_opened"], result["auto_closed"]) == (1, 1)
    assert events(context, "stale_mail") == []


def test_the_totals_are_told_and_remembered(drone: Path) -> None:
    memory = {"stats": {"auto_opened_total": 5, "auto_closed_total": 12}, "theirs": 1}
    mailbox_in(drone, letter(timestamp=ago(days=3)))

    _, context = cleaned(drone, memory=memory)

    assert context.memory == {
        "stats": {"auto_opened_total": 6, "auto_closed_total": 12},
        "theirs": 1,
        "last_run": NOW_LOCAL,
    }
    [told] = events(context, "mail_cleanup_complete")
    assert (told["auto_opened"], told["auto_closed"], told["unread"]) == (1, 0, 0)


def test_an_archived_copy_from_a_run_that_died_is_not_doubled(drone: Path) -> None:
    old = letter(1, status="opened", timestamp=ago(days=9), opened_at=ago(days=9))
    mailbox_in(drone, old)
    cleaned(drone)
    mailbox_in(drone, old)

    cleaned(drone)

    assert len(archived(drone)) == 1
    assert inbox(drone)["messages"] == []


def test_what_cannot_be_archived_stays_in_the_inbox(drone: Path) -> None:
    folder = mailbox_in(
        drone,
        letter(1, status="opened", timestamp=ago(days=9), opened_at=ago(days=9)),
        letter(2, timestamp=ago(days=3)),
    )
    (folder / "deleted").write_text("in the way")

    result, _ = cleaned(drone)

    assert [m["status"] for m in inbox(drone)["messages"]] == ["opened", "opened"]
    assert (result["auto_opened"], result["auto_closed"], result["errors"]) == (1, 0, 1)


def test_a_dry_run_says_and_changes_nothing(drone: Path) -> None:
    mailbox_in(
        drone,
        letter(1, timestamp=ago(days=3)),
        letter(2, status="opened", timestamp=ago(days=9), opened_at=ago(days=9)),
    )
    before = sorted(p for p in drone.rglob("*")), inbox(drone)

    result, context = cleaned(drone, params={"dry_run": True})

    assert (result["auto_opened"], result["auto_closed"]) == (1, 1)
    assert (sorted(p for p in drone.rglob("*")), inbox(drone)) == before
    assert (context.events, context.memory) == ([], {})


@pytest.mark.parametrize("params", [{"new_hours": 0}, {"opened_days": "x"}, {"new_hours": True}])
def test_a_param_that_is_no_length_is_refused(drone: Path, params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"params\.(new_hours|opened_days): .* a number above 0"):
        cleaned(drone, params=params)


def test_an_unchanged_inbox_is_not_read_again_until_something_is_due(drone: Path) -> None:
    folder = mailbox_in(drone, letter(timestamp=ago(hours=47)))
    os.utime(folder / "inbox.json", (1_700_000_000, 1_700_000_000))
    first, context = cleaned(drone)
    stamped = (folder / "inbox.json").stat()
    with (folder / "inbox.json").open("r+b") as stream:  # the same size, inode and mtime
        stream.write(b"?")
    os.utime(folder / "inbox.json", ns=(stamped.st_atime_ns, stamped.st_mtime_ns))

    again = [cleaned(drone, now=context.now + timedelta(hours=hours))[0] for hours in (0, 1)]

    assert again == [first, first]
    later, _ = cleaned(drone, now=context.now + timedelta(hours=1, seconds=1))
    assert later["errors"] == 1


def unread_by_the_rules_of_ai_mail(central: Any, folder: Path) -> int:
    """What a dashboard of AIPass shows: it looks up the folder's name in upper case."""
    stats: dict[str, int] = central["branch_stats"].get(folder.name.upper(), {"unread": 0})
    return stats["unread"]


def test_f1_names_in_lower_case_are_read_back_by_the_rules_of_ai_mail(tmp_path: Path) -> None:
    homes = home_with(tmp_path, "drone", "flow")
    mailbox_in(homes["drone"], letter(1), letter(2))
    mailbox_in(homes["flow"], letter(3, status="opened"))
    context = context_in(tmp_path)
    path = context.central_dir / "AI_MAIL.central.json"
    theirs = {"DRONE": {"unread": 9, "total": 9}, "FLOW": {"unread": 9, "total": 9}}
    write_json(path, {"service": "ai_mail", "branch_stats": theirs})

    mail_cleanup.run(context)

    central = read_json(path)
    assert unread_by_the_rules_of_ai_mail(central, homes["drone"]) == 2
    assert unread_by_the_rules_of_ai_mail(central, homes["flow"]) == 0
    assert central["system_totals"] == {"total_unread": 2, "total_messages": 3}
    assert list(central["branch_stats"]) == ["DRONE", "FLOW"]
