"""`scheduled events`: the journal by the names that other programs know."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import FirstRun
from scheduled.state import events
from scheduled.state.store import Store
from scheduled.ticks import tick
from scheduled.ticks.signals import Bus
from scheduled.views import events as naming
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import Home, begin, end

KEYS = ["version", "seq", "at", "event", "kind", "job", "data"]


def told(home: Home, *words: str) -> list[dict[str, Any]]:
    return [*map(json.loads, home.call("events", *words, "--json").out.splitlines())]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event"] for row in rows]


@pytest.fixture
def busy(home: Home) -> Home:
    home.record(
        begin("r2", at("11:10")),
        end("r2", at("11:10"), "failed"),
        begin("r3", at("11:20")),
        end("r3", at("11:20"), memory={"secret": 1}, section="health_check"),
        begin("r4", at("11:30")),
        end("r4", at("11:30")),
        {"at": "2026-11-21T11:40:00Z", **events.job_paused("poll", None, "why\nnot\x1b[2J")},
        {"at": "2026-11-21T11:41:00Z", **events.tick_ended(1)},
    )
    return home


def test_events_come_in_their_order(busy: Home) -> None:
    rows = told(busy)

    assert names(rows) == [
        *("scheduler.task.create", "job_started", "job_finished"),
        *("job_started", "job_failed", "job_started", "job_finished"),
        *("job_started", "job_finished", "scheduler.task.status", "scheduler.stats"),
    ]
    assert all([*row] == KEYS for row in rows)
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)


def test_what_is_private_is_left_out(busy: Home) -> None:
    said = busy.call("events", "--json").out

    assert "secret" not in said
    assert "section" not in said


def test_events_can_be_selected(busy: Home) -> None:
    assert names(told(busy, "--event", "job_failed")) == ["job_failed"]
    assert len(told(busy, "poll")) == 1
    assert names(told(busy, "--limit", "1")) == ["scheduler.stats"]
    assert len(told(busy, "--limit", "0")) == 11
    assert names(told(busy, "--since", "25m")) == ["scheduler.task.status", "scheduler.stats"]
    assert told(busy, "--event", "job_faild") == []


def test_a_job_that_never_was_is_refused(busy: Home) -> None:
    said = busy.call("events", "backupp", "--follow")

    assert (said.code, said.out) == (2, "")
    assert "no job is called 'backupp'" in said.err


def test_each_event_is_a_line_whatever_somebody_wrote(busy: Home) -> None:
    lines = busy.call("events").out.splitlines()

    assert len(lines) == 11
    assert lines[4] == "2026-11-21 11:10:02+00:00  job_failed  backup  failed, exit code 1, r2"
    assert r"why not\x1b[2J" in lines[-2]


def test_a_damaged_line_and_unknown_events_are_passed_over(home: Home) -> None:
    store = Store(home.state_dir).load()
    store.record(at("11:50"), {"event": "of the future", "job": "backup"}, {"event": "end"})

    assert len(told(home)) == 3


def test_without_a_journal_there_is_nothing(tmp_path: Path) -> None:
    said = Home(tmp_path).call("events")

    assert (said.code, said.out) == (0, "")


def test_what_handlers_fire_is_among_them(tmp_path: Path) -> None:
    (tmp_path / "firing.py").write_text(
        "def run(context):\n"
        "    message = {'subject': 'x', 'body': 'y'}\n"
        "    context.fire('health_check_complete', healthy=3, message=message)\n"
    )
    engine = Engine(tmp_path, [job(handler="firing:run", first_run=FirstRun.NOW)])
    engine.run_at("12:00")

    rows = told(Home(tmp_path))
    (fired,) = [row for row in rows if row["event"] == "health_check_complete"]

    assert fired["data"] == {"healthy": 3}
    assert fired["job"] == "backup"
    assert names(rows).index("health_check_complete") < names(rows).index("job_finished")


@pytest.mark.slow
def test_following_prints_what_happens_once(busy: Home) -> None:
    options = ["--root", str(busy.folder), "--state-dir", str(busy.state_dir)]
    command = [
        sys.executable,
        "-m",
        "scheduled",
        *options,
        "events",
        "-f",
        "--json",
        "--limit",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        first = json.loads(follower.stdout.readline())
        store = Store(busy.state_dir).load()
        store.record(at("12:00"), begin("r5", at("12:00")))
        time.sleep(0.1)
        store.record(at("12:00"), end("r5", at("12:00"), "failed"))
        more = [json.loads(follower.stdout.readline()) for _ in range(2)]
        follower.terminate()

    assert first["event"] == "scheduler.stats"
    assert names(more) == ["job_started", "job_failed"]


def test_the_start_of_a_tick_is_known_from_its_end(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")

    [*_, start, end] = told(Home(tmp_path))

    assert (start["event"], start["at"]) == ("startup", "2026-11-21T11:30:00Z")
    assert (end["event"], end["data"]["started"]) == ("scheduler.stats", start["at"])


SWITCH = "test -e works || exit 3"
INCIDENTS = ("incident_opened", "incident_closed", "job_recovered")


@pytest.mark.parametrize(
    ("ends", "recoveries"),
    [
        ("F.", [1]),
        (".", []),
        ("FFF..", [3]),
        ("F.F..", [1, 4]),  # the incident reopened within a day: two successes end it
        ("F.F.F..", [1, 6]),
    ],
)
def test_a_job_recovers_for_subscribers_and_in_the_journal_when_its_incident_ends(
    tmp_path: Path, ends: str, recoveries: list[int]
) -> None:
    engine = Engine(tmp_path, [job(schedule="* * * * *", command=SWITCH, alert_after=1)])
    engine.run_at("11:59")
    heard: list[tuple[str, Any]] = []
    bus = Bus()
    bus.subscribe("*", lambda event, **data: heard.append((event, data.get("job"))))
    found: list[int] = []

    for minute, end_of_run in enumerate(ends):
        (tmp_path / "works").unlink(missing_ok=True)
        if end_of_run == ".":
            (tmp_path / "works").touch()
        environ = {"PATH": "/usr/bin:/bin"}
        tick.run(engine.config, at(f"12:{minute:02}"), environ=environ, bus=bus)
        known = names(told(Home(tmp_path)))
        found += [minute] * (known.count("job_recovered") - len(found))

    assert found == recoveries
    in_journal = [(row["event"], row["job"]) for row in told(Home(tmp_path))]
    assert [pair for pair in in_journal if pair[0] in INCIDENTS] == [
        pair for pair in heard if pair[0] in INCIDENTS
    ]


def test_a_job_that_is_disabled_while_it_fails_has_not_recovered(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="* * * * *", command=SWITCH, alert_after=1)])
    engine.run_at("11:59")
    engine.run_at("12:00")
    engine.record("12:00", events.job_enabled("backup", enabled=False))
    engine.run_at("12:01")

    found = names(told(Home(tmp_path)))
    assert "incident_closed" in found
    assert "job_recovered" not in found


def test_every_name_is_one_of_the_design() -> None:
    assert {
        *("job_started", "job_finished", "job_failed", "job_recovered", "data_loss_risk"),
        *("scheduler.task.create", "scheduler.task.delete", "scheduler.task.status"),
        *("scheduler.stats", "scheduler.health", "incident_opened", "incident_closed"),
        *("incident_reminded", "incident_acknowledged", "startup"),
    } == naming.NAMES


def test_messages_that_wait_are_no_part_of_an_event() -> None:
    kept = {"outgoing": [{"id": "m1"}], "has_message": True, "messages": ["m1"]}
    event = {"event": "incident_opened", "case": "failing: backup", "error": "no", **kept}

    [named] = naming.named(event)

    assert named["data"] == {"case": "failing: backup", "error": "no"}


@pytest.mark.parametrize("name", ["job_finish", "JOB_FINISHED", "job.done", "x"])
def test_a_name_that_no_event_has_is_refused(busy: Home, name: str) -> None:
    said = busy.call("events", "--event", name)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"--event {name!r}: no event is called that; ")
    assert "job_finished" in said.err


def test_each_name_of_the_program_and_what_a_handler_has_fired_can_be_asked_for(
    busy: Home,
) -> None:
    fired = [{"event": "disk_scrubbed", "data": {}}]
    busy.record(begin("r9", at("11:50")), end("r9", at("11:50"), fired=fired))

    assert names(told(busy, "--event", "disk_scrubbed")) == ["disk_scrubbed"]
    for name in naming.KNOWN:
        assert busy.call("events", "--event", name).code == 0
