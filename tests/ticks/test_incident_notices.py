"""The messages about incidents: one for each event, recorded with it."""

import os
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Priority
from scheduled.notify.message import PRIORITIES
from scheduled.planning.incidents import Act
from scheduled.state.incident_entries import Incident
from scheduled.ticks import incident_notices, outbox
from scheduled.ticks.incident_posts import Change
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

SWITCH = "test -e works || { echo oops; exit 3; }"
NONE = {"tags": ["weekly"]}
OPS: dict[str, Any] = {"ops": {"kind": "command", "command": "true"}}


@pytest.fixture(autouse=True)
def undelivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave all messages in the outbox."""
    monkeypatch.setattr(outbox, "deliver", lambda *_: [])


def sent(engine: Engine) -> list[tuple[str, str]]:
    return [(message["to"], message["subject"]) for message in engine.state["outbox"]]


@pytest.mark.slow
def test_one_message_opens_and_one_ends_an_incident_however_often_it_failed(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(schedule="* * * * *", command=SWITCH)], notify=OPS)
    for minute in range(-1, 60):
        engine.run_at(f"12:{minute:02}" if minute >= 0 else "11:59")
    (tmp_path / "works").touch()
    engine.run_at("13:00")
    engine.run_at("13:01")

    assert [to for to, _ in sent(engine)] == ["notify:ops"] * 2
    opened, closed = engine.state["outbox"]
    assert opened["subject"] == "backup: failing"
    assert "| oops" in opened["body"]
    assert "next run: " in opened["body"]
    assert closed["subject"].startswith("backup: failing: over after")
    assert opened["id"] != closed["id"]
    (event,) = [each for each in engine.events if each["event"] == "incident_opened"]
    assert [message["id"] for message in event["outgoing"]] == [opened["id"]]


@pytest.mark.slow
def test_many_incidents_of_one_tick_are_one_message(tmp_path: Path) -> None:
    jobs = [job(f"job{number}", "0 12 * * *", command="exit 3") for number in range(30)]
    engine = Engine(tmp_path, jobs, notify=OPS, max_concurrent=30)
    engine.run_at("11:59")

    report = engine.run_at("12:00")

    assert len(report.incidents) == 30
    ((_, subject),) = sent(engine)
    assert subject.startswith("30 incidents: job")
    assert engine.run_at("12:01").incidents == []
    assert len(sent(engine)) == 1


def test_of_many_incidents_each_channel_is_told_what_its_filters_let_through(
    tmp_path: Path,
) -> None:
    channels = {
        "all": {},
        "one": {"jobs": ["job-3"]},
        "most": {"jobs": ["job-?"], "on": ["failing"]},
        "missed": {"on": ["missed"]},
        "none": {"jobs": ["other"]},
    }
    engine = Engine(tmp_path, [], notify=channels)
    kinds = [*["failing"] * 11, "missed"]
    changes = [change(f"job-{number:x}", kind) for number, kind in enumerate(kinds)]

    posted = incident_notices.poster(engine.config, at("12:00"))(changes)

    subjects: dict[str, list[str]] = {}
    for message in (message for told in posted for message in told.outgoing):
        subjects.setdefault(message["to"].removeprefix("notify:"), []).append(message["subject"])
    assert subjects == {
        "all": ["12 incidents: job-0: failing and others"],
        "one": ["job-3: failing"],
        "most": ["11 incidents: job-0: failing and others"],
        "missed": ["job-b: no success for too long"],
    }
    assert all(told.outgoing or told.elsewhere for told in posted)


@pytest.mark.parametrize("count", [1, 11])
def test_a_message_says_which_root_on_which_host_it_is_about(tmp_path: Path, count: int) -> None:
    engine = Engine(tmp_path, [], notify=OPS)
    changes = [change(f"job-{number}", "failing") for number in range(count)]

    [first, *_] = incident_notices.poster(engine.config, at("12:00"))(changes)

    [message] = first.outgoing
    assert message["body"].endswith(f"\nThis is {tmp_path} on {os.uname().nodename}.")


def test_what_no_channel_wants_to_know_is_not_on_record_as_told(tmp_path: Path) -> None:
    others = {"ops": {**OPS["ops"], "jobs": ["others-*"]}}
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command="exit 3")], notify=others)

    for when in ("11:59", "12:00", "12:01", "12:02"):
        engine.run_at(when)

    about = [each["event"] for each in engine.events if each["event"].startswith("incident_")]
    assert about == ["incident_opened"]


def test_what_no_channel_wants_to_know_is_not_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [], notify={"some": {"jobs": ["job-1*"]}})
    changes = [change(f"job-{number}", "failing") for number in range(15)]

    posted = incident_notices.poster(engine.config, at("12:00"))(changes)

    told = [number for number, each in enumerate(posted) if each.outgoing or each.elsewhere]
    assert told == [1, 10, 11, 12, 13, 14]


def change(name: str, kind: str) -> Change:
    now = at("12:00")
    case = f"{kind}: {name}"
    return Change(Act.OPEN, Incident(name, case, kind, name, now, 1, now, now), "exit code 3")


def test_a_channel_that_is_added_later_is_told_what_was_only_printed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command="exit 3")])
    engine.run_at("11:59")
    engine.run_at("12:00")
    assert sent(engine) == []

    engine.settings["notify"] = OPS
    for when in ("12:01", "12:02"):
        engine.run_at(when)

    assert sent(engine) == [("notify:ops", "backup: failing")]


def test_what_was_told_to_no_channel_has_no_end_there(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command=SWITCH)])
    engine.run_at("11:59")
    engine.run_at("12:00")
    (tmp_path / "works").touch()
    engine.settings["notify"] = OPS

    report = engine.run_at("2026-11-22T12:00")

    assert [change.act.value for change in report.incidents] == ["close"]
    assert sent(engine) == []


def test_nothing_of_a_job_is_injected_into_a_subject(tmp_path: Path) -> None:
    command = "printf 'a\\r\\nBcc: x\\033[2J\\n'; exit 3"
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command=command)], notify=OPS)
    engine.run_at("11:59")
    engine.run_at("12:00")

    ((_, subject),) = sent(engine)
    assert subject.isprintable()
    assert "\x1b" not in engine.state["outbox"][0]["body"]


URGENT, LOW = job("urgent", priority=Priority.URGENT), job("low", priority=Priority.LOW)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("backup", "failing", "high"),
        ("backup", "slow", "normal"),
        ("urgent", "missed", "critical"),
        ("low", "suspended", "normal"),
        ("no longer there", "failing", "high"),
        ("", "disk", "critical"),
        ("", "no_ticks", "critical"),
        ("", "undeliverable", "high"),
        ("", "error_rate", "high"),
    ],
)
def test_a_channel_is_told_of_the_end_of_what_it_was_told(
    tmp_path: Path, name: str, kind: str, expected: str
) -> None:
    channels = {least: {"priority": least} for least in PRIORITIES}
    engine = Engine(tmp_path, [job(), URGENT, LOW], notify=channels)
    opened = change(name, kind)
    over = opened._replace(act=Act.CLOSE, incident=opened.incident._replace(has_message=True))

    told = incident_notices.poster(engine.config, at("12:00"))

    wanted = [f"notify:{least}" for least in PRIORITIES[: PRIORITIES.index(expected) + 1]]
    for case, priority in ((opened, expected), (over, "normal")):
        [posted] = told([case])
        assert [message["to"] for message in posted.outgoing] == wanted
        assert {message["priority"] for message in posted.outgoing} == {priority}


@pytest.mark.slow
def test_who_was_told_of_a_job_that_is_gone_since_is_told_of_the_end(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"tags": ("nightly",), "priority": Priority.URGENT}
    channels = {"tagged": {"tags": ["nightly"]}, "grave": {"priority": "critical"}, "none": NONE}
    other = job("other", "0 0 1 1 *")
    fails = job(schedule="0 12 * * *", command="exit 3", **fields)
    engine = Engine(tmp_path, [fails, other], notify=channels)
    engine.run_at("11:59")
    engine.run_at("12:00")

    engine.jobs = (other,)
    for when in ("12:01", "2026-11-22T13:00"):
        engine.run_at(when)

    found = [(to, ": over" in subject) for to, subject in sent(engine) if "backup" in subject]
    told = ["notify:tagged", "notify:grave"]
    assert found == [*((to, False) for to in told), *((to, True) for to in told)]
