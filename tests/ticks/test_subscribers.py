"""Subscribers: each event comes to Python, commands and webhooks, and none holds up a tick."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import FirstRun
from scheduled.notify import limits, subscription
from scheduled.notify.subscription import EVENTS
from scheduled.ticks import tick
from scheduled.ticks.report import Report
from scheduled.ticks.signals import EVERY, Bus
from tests.builders import message_servers
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

pytestmark = pytest.mark.slow

FIRING = """
def run(context):
    context.fire("health_check_complete", healthy=3)
    context.fire("memory_threshold_exceeded", branch="drone")
    context.fire("mail_cleanup_complete", opened=1)
"""
NAMING = {"kind": "command", "command": 'echo "$SCHEDULED_EVENT" >> names'}
DATA = {"kind": "command", "command": "cat >> data"}


@dataclass
class Heard:
    """What Python, a command and a webhook were told, in a history with every event."""

    python: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    webhook: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp("heard")
    (folder / "firing.py").write_text(FIRING)
    told = Heard()
    with message_servers.running("web", folder / "web") as server:
        hook = {"kind": "webhook", "url": f"http://127.0.0.1:{server.port}/"}
        flaky = job("flaky", command="test -e works", alert_after=1)
        sweep = job("sweep", handler="firing:run", first_run=FirstRun.NOW)
        engine = Engine(folder, [flaky, sweep, job("gone")], subscribe={"c": NAMING, "w": hook})
        for when in ("11:30", "12:00"):
            tick_with(engine, when, told)
        (folder / "works").touch()
        engine.jobs = (flaky, sweep)
        (engine.state_dir / "scheduled_state.json").write_text("{")
        tick_with(engine, "15:00", told)
        told.command = engine.lines("names")
        told.webhook = [json.loads(request["body"]) for request in server.accepted]
    return told


def tick_with(engine: Engine, when: str, told: Heard | None = None) -> Report:
    bus = Bus()
    if told is not None:
        bus.subscribe(EVERY, lambda event, **data: told.python.append((event, data)))
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(engine.folder)}
    return tick.run(engine.config, at(when), environ=environ, bus=bus)


@pytest.mark.parametrize("event", EVENTS)
def test_each_event_comes_to_python_commands_and_webhooks(heard: Heard, event: str) -> None:
    assert event in [name for name, _ in heard.python]
    assert event in heard.command
    assert event in [document["event"] for document in heard.webhook]


def test_all_are_told_of_the_same_in_the_same_order(heard: Heard) -> None:
    names = [name for name, _ in heard.python]

    assert heard.command == names
    assert [document["event"] for document in heard.webhook] == names
    assert names[0] == "startup"


def test_a_webhook_is_told_all_that_python_is_told(heard: Heard) -> None:
    number, data = next(
        (number, data) for number, (name, data) in enumerate(heard.python) if name == "job_failed"
    )
    document = heard.webhook[number]

    assert (document["job"], document["subject"]) == ("flaky", "job_failed: flaky")
    assert {key: data[key] for key in document["facts"]} == document["facts"]
    assert document["facts"]["outcome"] == "failed"


def test_filters_are_combined(tmp_path: Path) -> None:
    subscribe = {
        "jobs": {**NAMING, "command": 'echo "$SCHEDULED_JOB" >> a', "jobs": ["back*"]},
        "tags": {**NAMING, "command": 'echo "$SCHEDULED_EVENT $SCHEDULED_JOB" >> b'}
        | {"tags": ["disk"], "on": ["job_*"]},
        "none": {**NAMING, "command": "echo x >> c", "on": ["of_a_handler"]},
    }
    jobs = [job("backup"), job("other", tags=("disk", "x"))]
    engine = Engine(tmp_path, jobs, subscribe=subscribe)
    engine.run_at("11:30")
    engine.run_at("12:00")

    assert set(engine.lines("a")) == {"backup"}
    assert engine.lines("b") == ["job_started other", "job_finished other"]
    assert engine.lines("c") == []


def test_one_that_fails_or_is_not_there_stops_nothing_and_is_noted(tmp_path: Path) -> None:
    broken = {
        "absent": {"kind": "command", "command": ["/no/such/program"], "on": ["job_*"]},
        "failing": {"kind": "command", "command": "echo why; exit 3", "on": ["job_started"]},
        "refused": {"kind": "webhook", "url": "http://127.0.0.1:1/secret", "on": ["startup"]},
    }
    engine = Engine(tmp_path, [job()], subscribe={**broken, "works": NAMING})
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert report.exit_code == 0
    assert [row["outcome"] for row in report.ran] == ["succeeded"]
    assert {"job_started", "job_finished", "scheduler.stats"} <= set(engine.lines("names"))
    said = " ".join(report.notes)
    assert "subscriber absent: not told of 2 events: /no/such/program: " in said
    assert "subscriber failing: not told of 1 event: exit code 3: why" in said
    assert "secret" not in said
    assert set(engine.state["subscribers"]) == {*broken}


def test_status_names_them_until_they_work_again(tmp_path: Path) -> None:
    switch = {"kind": "command", "command": "test -e works", "on": ["job_finished"]}
    engine = Engine(tmp_path, [job()], subscribe={"switch": switch})
    engine.run_at("11:30")
    engine.run_at("12:00")
    assert engine.state["subscribers"] == {"switch": "exit code 1"}
    recorded = len(engine.events)

    engine.run_at("12:10")  # nothing it is told of happens
    assert engine.state["subscribers"] == {"switch": "exit code 1"}
    assert "subscribers" not in [event["event"] for event in engine.events[recorded:]]

    (tmp_path / "works").touch()
    engine.run_at("13:00")
    assert engine.state["subscribers"] == {}


def test_one_that_hangs_holds_up_neither_jobs_nor_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 1.0)
    hanging = {"kind": "command", "command": "echo $$ >> pids; exec sleep 600"}
    timed = {"kind": "command", "command": "touch told", "on": ["job_started"]}
    waits = job("waits", command="while ! test -e told; do sleep 0.05; done", timeout=60)
    engine = Engine(tmp_path, [waits, job("next")], subscribe={"hang": hanging, "timed": timed})
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    # `waits` ends only when another subscriber has been told while it runs.
    assert [row["outcome"] for row in report.ran] == ["succeeded", "succeeded"]
    assert [note for note in report.notes if "subscriber hang: not told of" in note]
    assert "not done within 1 s" in engine.state["subscribers"]["hang"]
    pids = engine.lines("pids")
    assert len(pids) == 2  # once a tick: after that it is left alone
    while any(map(is_alive, pids)):  # they are killed; the system may take a moment
        time.sleep(0.01)


def is_alive(pid: str) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_subscriber_keeps_no_lock_of_a_job_that_has_ended(tmp_path: Path) -> None:
    # It begins while the job holds its lane, and is still at work when the job has ended.
    looking = {
        "kind": "command",
        "command": "until grep -q '\"end\"' state/journal/*; do sleep 0.05; done; sleep 0.3;"
        " ls -l /proc/$PPID/fd > open",
        "on": ["job_started"],
    }
    engine = Engine(tmp_path, [job()], subscribe={"looking": looking})
    engine.run_at("11:30")
    engine.run_at("12:00")

    found = (tmp_path / "open").read_text()
    assert "pipe:" in found
    assert ".lock" not in found
    assert "journal" not in found


def test_odd_text_arrives_and_injects_nothing(tmp_path: Path) -> None:
    data = {"job": "a\nb", "text": "x\r\nY: z\x00\x1b[31m" + "ü" * 10_000, "bad": "\udcff"}

    about = subscription.notice("odd\nname", data, {}, "id", at("12:00"))
    sent = subscription.message(about, "c", DATA)

    assert "\n" not in sent.subject
    assert json.loads(sent.body)["text"].startswith("x\r\nY: z")
    json.dumps(sent.to_json()).encode()


def test_the_bus_of_a_caller_is_left_as_it_was(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()], subscribe={"c": NAMING})
    bus = Bus()
    for when in ("11:30", "11:31"):
        tick.run(engine.config, at(when), environ={"PATH": os.environ["PATH"]}, bus=bus)

    assert not bus.is_heard
    assert engine.lines("names").count("startup") == 2


def test_a_tick_without_subscribers_imports_nothing_for_them(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "scheduled.yaml").write_text(
        'jobs:\n  mine: {schedule: "* * * * *", command: "true", first_run: now}\n'
    )
    (folder / "scheduled.yaml").chmod(0o600)
    places = ["--root", str(folder), "--state-dir", str(tmp_path / "state")]
    command = [sys.executable, "-X", "importtime", "-m", "scheduled", *places, "run"]
    subprocess.run(command, capture_output=True, check=True)  # reads the configuration
    text = subprocess.run(
        [*command, "--only", "mine"], capture_output=True, text=True, check=True
    ).stderr
    loaded = {line.rpartition("|")[2].strip() for line in text.splitlines()}
    assert "scheduled.ticks.dispatcher" in loaded
    assert not loaded & {
        *("scheduled.ticks.subscribers", "scheduled.ticks.announcing"),
        *("scheduled.notify.subscription", "scheduled.notify.sending"),
    }
