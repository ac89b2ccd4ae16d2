"""AIPass's `.daemon/*.json` as jobs."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduled.config.importers import aipass
from scheduled.config.importers.aipass import DaemonFile
from scheduled.config.importers.findings import Findings, ImportedJob
from scheduled.errors import UsageError
from scheduled.timing import expression, slots

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAILY = {"type": "daily", "time": "09:30"}
COMMAND = "drone @flow sweep"


def document(*jobs: Any, **more: Any) -> bytes:
    return json.dumps({"version": 1, "branch": "@flow", "jobs": [*jobs], **more}).encode()


def file(*jobs: Any, branch: str = "flow", **more: Any) -> DaemonFile:
    data = document(*jobs)
    return DaemonFile(f"{branch}/.daemon/schedule.json", data, f"/eco/{branch}", branch, **more)


def read(*files: DaemonFile, zone: tzinfo = BERLIN) -> Findings:
    return aipass.read(files, NOW, zone)


def job(**keys: Any) -> dict[str, Any]:
    return {"id": "a", "schedule": DAILY, "command": COMMAND, **keys}


def imported(**keys: Any) -> ImportedJob:
    found = read(file(job(**keys)))
    assert found.left_out == ()
    (only,) = found.jobs
    return only


def scheduled(**schedule: Any) -> Any:
    return imported(schedule=schedule).fields["schedule"]


def refusal(**keys: Any) -> str:
    found = read(file(job(**keys)))
    assert found.jobs == ()
    (part,) = found.left_out
    return part.reason


def test_a_command_runs_without_a_shell_in_the_directory_of_its_branch() -> None:
    found = imported(command="drone rm --stale '10 d' *.tmp ; echo $X", timeout_seconds=30)

    assert found.fields == {
        "id": "a",
        "schedule": "30 9 * * *",
        "command": ["drone", "rm", "--stale", "10 d", "*.tmp", ";", "echo", "$X"],
        "cwd": "/eco/flow",
        "timeout": 30,
        "enabled": True,
        "tags": ["flow"],
    }
    assert (found.file, found.line) == ("flow/.daemon/schedule.json", 1)


def test_a_prompt_is_kept_and_switched_off() -> None:
    wake = {"fresh": True, "model": "haiku"}
    more = {"wake": wake, "notify": False, "config": {"include_managers": False}}
    found = imported(command=None, prompt="Look around.\nThen STOP.", extra=1, **more)

    assert found.fields["enabled"] is False
    assert found.fields["timeout"] == 600
    assert found.fields["description"] == "Look around. Then STOP."
    assert found.fields["params"] == {
        "branch": "flow", "prompt": "Look around.\nThen STOP.", "extra": 1, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ({"type": "daily", "time": "9:05"}, "5 9 * * *"),
        ({"type": "daily"}, "0 0 * * *"),
        ({"daily": "23:59"}, "59 23 * * *"),
        ({"type": "hourly", "time": "7"}, "7 * * * *"),
        ({"type": "hourly", "minute": 59}, "59 * * * *"),
        ({"type": "hourly"}, "0 * * * *"),
        ({"type": "once", "due_date": "2026-11-22"}, "2026-11-22"),
        ({"type": "once", "due_date": "2027-03-01T10:00:00"}, "2027-03-01"),
        ({"due_date": "2026-11-21T23:30:00Z"}, "2026-11-22"),
        ({"type": "interval", "interval_minutes": 30}, "every 30m"),
        ({"type": "interval"}, "every 1h"),
        ({"interval_minutes": 10080}, "every 7d"),
        ({"type": "interval", "interval_minutes": 90.0}, "every 90m"),
    ],
)
def test_every_kind_of_schedule(schedule: dict[str, Any], text: str) -> None:
    assert scheduled(**schedule) == text
    assert expression.parse(text, "Europe/Berlin", "a seed")


@pytest.mark.parametrize(
    ("minutes", "slot", "text"),
    [
        (10080, "2026-09-13T04:00:00", "0 4 * * 0"),
        (10080, "2026-09-14T02:30:00Z", "30 4 * * 1"),
        (1440, "2026-09-14T00:00", "0 0 * * *"),
        (720, "2026-09-14T16:10", "10 4,16 * * *"),
        (720, "2026-09-14T12:10", "10 */12 * * *"),
        (60, "2026-09-14T16:10:59", "10 * * * *"),
        (20, "2026-09-14T16:50", "10,30,50 * * * *"),
        (15, "2026-09-14T16:00", "*/15 * * * *"),
        (1, "2026-09-14T16:07", "* * * * *"),
    ],
)
def test_an_interval_with_a_slot_becomes_times_of_day_where_it_has_any(
    minutes: int, slot: str, text: str
) -> None:
    found = imported(schedule={"type": "interval", "interval_minutes": minutes, "slot": slot})

    assert (found.fields["schedule"], found.anchor) == (text, None)


@pytest.mark.parametrize("minutes", [1, 7, 15, 20, 45, 60, 90, 100, 240, 720, 1440, 10080, 20160])
def test_an_interval_with_a_slot_keeps_its_rhythm(minutes: int) -> None:
    slot = datetime(2026, 11, 9, 4, 7, tzinfo=UTC)
    rhythm = {"type": "interval", "interval_minutes": minutes, "slot": slot.isoformat()}
    (found,) = read(file(job(schedule=rhythm)), zone=UTC).jobs
    assert found.anchor is None or found.anchor <= NOW

    schedule = expression.parse(found.fields["schedule"], "UTC", "a seed")
    at: Any = NOW
    for _ in range(5):
        at = slots.following(schedule, at, found.anchor or NOW)
        assert at is not None
        assert (at - slot).total_seconds() % (minutes * 60) == 0
        assert (at - NOW).total_seconds() <= 5 * minutes * 60


def test_a_slot_that_lies_ahead_is_named() -> None:
    rhythm = {"type": "interval", "interval_minutes": 60, "slot": "2027-01-01T00:10:00"}
    found = read(file(job(schedule=rhythm)))

    assert [(part.text, part.reason[:12]) for part in found.left_out] == [
        ("a: schedule.slot", "it lies ahea")
    ]
    assert found.jobs[0].fields["schedule"] == "10 * * * *"


def test_missed_runs_are_caught_up_on_as_there() -> None:
    limited = {**DAILY, "catch_up": True, "catch_up_max_age_hours": 1.5}

    assert "catch_up" not in imported().fields
    assert imported(schedule={**DAILY, "catch_up": False}).fields["catch_up"] == "skip"
    assert imported(schedule=limited).fields["max_lateness"] == "90m"
    assert imported(catch_up_max_age_hours=48).fields["max_lateness"] == "2d"
    assert imported(catch_up=False).fields["catch_up"] == "skip"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"id": ""}, "no id"),
        ({"id": None}, "no id"),
        ({"schedule": "daily"}, "no schedule, which is an object"),
        ({"schedule": {"type": "dayly", "time": "9:00"}}, 'schedule: "dayly" is no type'),
        ({"schedule": {}}, 'schedule: "" is no type'),
        ({"schedule": {"type": ["daily"]}}, "schedule: "),
        ({"schedule": {"type": "daily", "time": "25:00"}}, 'time: "25:00" is not a time'),
        ({"schedule": {"type": "daily", "time": 930}}, 'time: "930" is not a time'),
        ({"schedule": {"type": "hourly", "time": "60"}}, 'time: "60" is not a minute'),
        ({"schedule": {"type": "hourly", "time": True}}, 'time: "True" is not a minute'),
        ({"schedule": {"type": "interval", "interval_minutes": 0}}, "interval_minutes: 0 is not"),
        ({"schedule": {"type": "interval", "interval_minutes": 1.5}}, "interval_minutes: 1.5"),
        ({"schedule": {"type": "interval", "interval_minutes": "x"}}, "interval_minutes: x"),
        ({"schedule": {"type": "interval", "interval_minutes": 1e400}}, "interval_minutes: inf"),
        ({"schedule": {"type": "interval", "interval_minutes": 10**30}}, "interval_minutes: 10000"),
        ({"schedule": {"interval_minutes": 5, "slot": "soon"}}, 'slot: "soon" is not a date'),
        ({"schedule": {"interval_minutes": 5, "slot": "0001-01-01T00:00+14:00"}}, "slot: "),
        ({"schedule": {"type": "once"}}, "no due_date"),
        ({"schedule": {"due_date": "2026-11-21"}}, "due_date: 2026-11-21 has come"),
        ({"schedule": {"due_date": "tomorrow"}}, 'due_date: "tomorrow" is not a date'),
        ({"schedule": {**DAILY, "catch_up": "no"}}, "catch_up: no is neither"),
        ({"schedule": {**DAILY, "catch_up_max_age_hours": -1}}, "catch_up_max_age_hours: -1"),
        ({"schedule": {**DAILY, "catch_up_max_age_hours": 1e400}}, "catch_up_max_age_hours: inf"),
        ({"command": "rm -rf /"}, "command: begins with rm; AIPass only runs drone"),
        ({"command": "/bin/drone x"}, "command: begins with /bin/drone"),
        ({"command": "X=1 drone x"}, "command: begins with X=1"),
        ({"command": "drone 'x"}, "command: no closing quotation"),
        ({"command": ["drone"]}, "command: ['drone'] is not text"),
        ({"command": ""}, "neither a prompt nor a command"),
        ({"prompt": "x"}, "both a prompt and a command"),
        ({"schedule": {"type": "rotation", "time": "5:00"}}, "a rotation wakes another agent"),
        ({"timeout_seconds": 0}, "timeout_seconds: 0 is not"),
        ({"timeout_seconds": "600"}, "timeout_seconds: 600 is not"),
        ({"timeout_seconds": True}, "timeout_seconds: True is not"),
        ({"enabled": "yes"}, "enabled: yes is neither"),
    ],
)
def test_what_cannot_be_translated_says_why(keys: dict[str, Any], reason: str) -> None:
    assert refusal(**keys).startswith(reason)


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({"notify": {"email": "@devpulse"}}, "notify"),
        ({"notify": True}, "notify"),
        ({"wake": {"fresh": True}}, "wake"),
        ({"colour": "red"}, "colour"),
        ({"schedule": {**DAILY, "slot": "2026-09-14T00:00"}}, "schedule.slot"),
        ({"schedule": {"interval_minutes": 5, "catch_up": False}}, "catch_up"),
        ({"schedule": {"interval_minutes": 5, "catch_up_max_age_hours": 2}}, "catch_up_max_age"),
    ],
)
def test_a_key_without_effect_is_named_and_the_job_is_imported(
    keys: dict[str, Any], part: str
) -> None:
    found = read(file(job(**keys)))

    assert len(found.jobs) == 1
    assert [left.text.startswith(f"a: {part}") for left in found.left_out] == [True]
    assert all(left.reason for left in found.left_out)


def test_what_says_nothing_else_than_here_is_not_named() -> None:
    found = imported(notify=False, wake=None, config={"depth": 2}, _why="Weekly")

    assert found.fields["description"] == "Weekly"
    assert found.fields["params"] == {"config": {"depth": 2}}


def test_a_rotation_keeps_its_prompt_and_says_that_it_is_one() -> None:
    found = imported(command=None, prompt="ROUNDS", schedule={"type": "rotation", "time": "05:00"})

    assert (found.fields["schedule"], found.fields["enabled"]) == ("0 5 * * *", False)
    assert found.fields["params"]["rotation"] is True


def test_branches_with_the_same_ids_get_ids_of_their_own() -> None:
    files = [
        file(job(id="sweep"), job(id="only mine"), branch="flow"),
        file(job(id="sweep"), job(id="health"), branch="the api"),
    ]

    ids = [job.fields["id"] for job in read(*files).jobs]

    assert ids == ["flow-sweep", "only-mine", "the-api-sweep", "the-api-health"]


def test_a_file_that_is_none_is_named_and_the_others_are_imported() -> None:
    good = file(job())
    bad = [
        DaemonFile(f"b{number}/.daemon/x.json", data, "/eco/b", "b")
        for number, data in enumerate(
            (b"{\n{", b"[]", b'{"jobs": {}}', b"\xff", b"", document(version=2), document(3))
        )
    ]

    found = read(good, *bad)

    assert len(found.jobs) == 1
    assert [(part.file[:2], part.line, part.reason[:12]) for part in found.left_out] == [
        ("b0", 2, "not JSON: Ex"),
        ("b1", 1, "no list of j"),
        ("b2", 1, "no list of j"),
        ("b3", 1, "not JSON: 'u"),
        ("b4", 1, "no list of j"),
        ("b5", 1, "version 2; o"),
        ("b6", 1, "not an objec"),
    ]
    with pytest.raises(UsageError, match="no list of jobs in it"):
        read(bad[1])


def test_jobs_of_a_branch_that_is_not_active_stay_there() -> None:
    found = read(file(job(), idle="its branch is not active"))

    assert found.jobs == ()
    assert [part.reason for part in found.left_out] == ["its branch is not active"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (document(job()), True),
        (document({"id": "a", "schedule": {}, "prompt": 'say "task_id"'}), True),
        (b'{"jobs": {"a": {"schedule": "daily"}}}', False),
        (b'{"jobs": [{"schedule": "daily"}]}', False),
        (b'{"jobs": [], "schedule"', False),
    ],
)
def test_a_file_is_recognised(data: bytes, expected: bool) -> None:
    assert aipass.is_job_list(data) is expected
