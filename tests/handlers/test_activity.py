"""Red flags: what the last 24 hours say about a branch, from its mail, memory and logs."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import health
from scheduled.demo import example
from tests.builders import ecosystem
from tests.builders.ecosystem import NOW, add_memory, central_file, context

LAYOUTS = ("home", "repository")
LONG_AGO = timedelta(days=9)


@pytest.fixture(params=LAYOUTS)
def branch(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """DRONE, in either layout: everything in its folder is nine days old."""
    root = getattr(ecosystem, request.param)(tmp_path)
    for path in (root / "drone").rglob("*"):
        written(path, LONG_AGO)
    return Path(root / "drone")


def written(path: Path, ago: timedelta) -> Path:
    moment = (NOW - ago).timestamp()
    os.utime(path, (moment, moment))
    return path


def remember(branch: Path, **ago: float) -> None:
    """Have its memory files last written that long before NOW."""
    for path in branch.rglob("*local.json"):
        if path.name != "DASHBOARD.local.json":
            written(path, timedelta(**ago))


def box_of(branch: Path) -> Path:
    return next(path for path in branch.iterdir() if path.name.endswith("ai_mail.local"))


def send(branch: Path, moment: datetime, name: str = "", **more: Any) -> Path:
    """Put a copy of a message into `sent/`, as ai_mail does."""
    folder = box_of(branch) / "sent"
    folder.mkdir(exist_ok=True)
    letter = example.message(1, branch.name.upper(), "Done", moment, status="sent", **more)
    return example.write_json(folder / (name or f"{moment:%Y%m%d_%H%M%S}_Done.json"), letter)


def receive(branch: Path, moment: datetime, **more: Any) -> None:
    example.write_inbox(box_of(branch), [example.message(1, "SEED", "Please", moment, **more)])


def log(branch: Path, place: Path, **ago: float) -> None:
    place.parent.mkdir(exist_ok=True)
    place.write_text("2026-11-21 10:00:00 - core - INFO - text\n")
    written(place, timedelta(**ago))


def activity(branch: Path, **more: Any) -> str:
    """What the health check says about DRONE's activity."""
    health.run(context(branch.parent, **more))
    (status,) = [
        status
        for status, names in central_file_of(branch)["by_activity"].items()
        if "DRONE" in names
    ]
    return str(status)


def reason(branch: Path) -> str:
    (flag,) = [each for each in central_file_of(branch)["red_flags"] if each["branch"] == "DRONE"]
    return str(flag["reason"])


def central_file_of(branch: Path) -> Any:
    return central_file(branch.parent)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def test_nothing_from_the_last_day_is_no_activity(branch: Path) -> None:
    send(branch, hours_ago(25))
    receive(branch, hours_ago(25), status="opened", opened_at=f"{hours_ago(25):%Y-%m-%d %H:%M:%S}")
    remember(branch, hours=25)
    log(branch, branch.parent / "system_logs/drone_core.log", hours=25)

    assert activity(branch) == "NO_ACTIVITY"


def test_memory_alone_is_activity_that_needs_no_more_of_it(branch: Path) -> None:
    remember(branch, hours=23)

    assert activity(branch) == "OK"


@pytest.mark.parametrize(
    ("memory", "expected"), [(0, "OK"), (7, "OK"), (7.01, "RED_FLAG"), (48, "RED_FLAG")]
)
def test_memory_may_be_two_hours_older_than_the_work(
    branch: Path, memory: float, expected: str
) -> None:
    send(branch, hours_ago(5))
    remember(branch, hours=memory)

    assert activity(branch) == expected


def test_a_red_flag_says_what_was_done_when_and_of_when_the_memory_is(branch: Path) -> None:
    send(branch, hours_ago(5))
    remember(branch, hours=48)
    activity(branch)

    assert reason(branch) == "worked 2026-11-21 09:00 (mail), memory of 2026-11-19 14:00"

    log(branch, branch / "logs/core.log", hours=4)
    activity(branch)

    assert reason(branch) == "worked 2026-11-21 10:00 (log), memory of 2026-11-19 14:00"


def test_who_has_no_memory_and_works_is_a_red_flag(branch: Path) -> None:
    for path in branch.rglob("*.json"):
        if path.name.endswith(("local.json", "observations.json")):
            path.unlink()
    send(branch, hours_ago(5))

    assert activity(branch) == "RED_FLAG"
    assert reason(branch).endswith("no memory file")


@pytest.mark.parametrize("place", ["logs/core.log", "../system_logs/drone_core.log"])
def test_a_log_of_the_branch_is_work(branch: Path, place: str) -> None:
    log(branch, branch / place, hours=5)

    assert activity(branch) == "RED_FLAG"


@pytest.mark.parametrize("name", ["scheduled.log", "flow_core.log", "unknown.log"])
def test_a_log_of_others_is_not(branch: Path, name: str) -> None:
    log(branch, branch.parent / "system_logs" / name, hours=5)

    assert activity(branch) == "NO_ACTIVITY"


def test_mail_that_is_only_received_is_the_work_of_others(branch: Path) -> None:
    receive(branch, hours_ago(5))

    assert activity(branch) == "NO_ACTIVITY"


@pytest.mark.parametrize(
    "mark",
    [
        {"status": "opened"},
        {"status": "opened", "opened_at": "2026-11-21 10:00:00"},
        {"status": "", "read": True},
        {"status": "closed"},
    ],
)
def test_mail_that_is_opened_is_work(branch: Path, mark: dict[str, Any]) -> None:
    receive(branch, hours_ago(5), **mark)

    assert activity(branch) == "RED_FLAG"


def test_old_mail_that_is_opened_today_is_work_and_opened_automatically_it_is_not(
    branch: Path,
) -> None:
    today = {"status": "opened", "opened_at": "2026-11-21 10:00:00"}
    receive(branch, hours_ago(99), **today)
    assert activity(branch) == "RED_FLAG"

    automatic = {"auto_opened": True, "auto_opened_at": "2026-11-21 10:00:00"}
    receive(branch, hours_ago(49), status="opened", **automatic)
    assert activity(branch) == "NO_ACTIVITY"


@pytest.mark.parametrize(("delivered", "expected"), [(6, "RED_FLAG"), (200, "NO_ACTIVITY")])
def test_mail_closed_within_a_day_was_closed_by_its_reader(
    branch: Path, delivered: float, expected: str
) -> None:
    closed = example.message(1, "SEED", "x", hours_ago(delivered), status="closed")
    folder = box_of(branch) / "deleted"
    folder.mkdir()
    example.write_json(folder / f"{hours_ago(5):%Y%m%d_%H%M%S}_x.json", closed)

    assert activity(branch) == expected


OURS: tuple[dict[str, Any], ...] = (
    {"sender": "TRIGGER", "metadata": {"sent_by": "scheduled"}},
    {"sender": "TRIGGER", "upsert_key": "health", "updates": 3},
)


@pytest.mark.parametrize("mark", OURS)
def test_what_this_program_sent_is_nobodys_work(branch: Path, mark: dict[str, Any]) -> None:
    more = {key: value for key, value in mark.items() if key != "sender"}
    send(branch, hours_ago(5), **{"from": "@trigger", **more})
    receive(branch, hours_ago(5), status="opened", **{"from": "@trigger", **more})
    assert activity(branch) == "NO_ACTIVITY"

    send(branch, hours_ago(6), **{"from": "@trigger"})
    assert activity(branch) == "RED_FLAG"


def test_a_copy_that_is_named_otherwise_counts_by_its_timestamp(branch: Path) -> None:
    send(branch, hours_ago(30), "by-hand.json")
    assert activity(branch) == "NO_ACTIVITY"

    send(branch, hours_ago(5), "by-hand.json")
    assert activity(branch, cache_dir=branch.parent / "other") == "RED_FLAG"


def test_what_others_put_into_sent_breaks_nothing(branch: Path) -> None:
    send(branch, hours_ago(5))
    folder = box_of(branch) / "sent"
    (folder / "20261121_100000_torn.json").write_text('{"from')
    (folder / "20261121_110000_list.json").write_text("[1]")
    (folder / "20261399_999999_no_date.json").write_text("{}")
    (folder / "99991231_235959_far.json").write_text("{}")
    (folder / "20261121_120000_folder.json").mkdir()
    (folder / "20261121_130000_link.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "20261121_133000_pipe.json")

    assert activity(branch) == "RED_FLAG"
    assert reason(branch).startswith("worked 2026-11-21 09:00 (mail)")


@pytest.mark.parametrize(("ahead", "expected"), [(3, "RED_FLAG"), (300, "NO_ACTIVITY")])
def test_a_clock_ahead_is_believed_by_a_day_at_most(
    branch: Path, ahead: float, expected: str
) -> None:
    send(branch, hours_ago(-ahead))

    assert activity(branch) == expected


def test_what_lies_too_far_ahead_counts_once_its_day_has_come(branch: Path) -> None:
    send(branch, hours_ago(-30))
    written(box_of(branch) / "sent", LONG_AGO)
    assert activity(branch) == "NO_ACTIVITY"

    assert activity(branch, now=NOW + timedelta(hours=7)) == "RED_FLAG"


def test_what_cannot_be_read_is_an_error(branch: Path) -> None:
    send(branch, hours_ago(5))
    (box_of(branch) / "inbox.json").write_text("{")
    assert activity(branch) == "ERROR"

    branch.rename(branch.with_name("moved"))
    assert activity(branch) == "ERROR"


def test_inactive_branches_are_not_judged(tmp_path: Path) -> None:
    root = ecosystem.home(tmp_path)
    registry = root / "BRANCH_REGISTRY.json"
    document = json.loads(registry.read_text())
    document["branches"][0]["status"] = "archived"
    registry.write_text(json.dumps(document))

    result: Any = health.run(context(root))

    assert sum(result["activity"].values()) == 1


def test_a_sweep_that_remembers_sees_each_sign_of_work_as_it_comes(branch: Path) -> None:
    remember(branch, hours=48)
    assert activity(branch) == "NO_ACTIVITY"

    written(send(branch, hours_ago(5)).parent, timedelta(hours=1))
    assert activity(branch) == "RED_FLAG"
    assert activity(branch) == "RED_FLAG"  # as it is remembered

    remember(branch, hours=4)
    assert activity(branch) == "OK"
    assert activity(branch, now=NOW + timedelta(hours=25)) == "NO_ACTIVITY"


def test_memory_of_another_branch_inside_does_not_count(branch: Path) -> None:
    send(branch, hours_ago(5))
    inner = branch / "inner"
    inner.mkdir()
    add_memory(inner, "INNER.local.json", 100)

    assert activity(branch) == "RED_FLAG"
