"""A broken configuration is one incident: what is told of it, and when again."""

import json
from pathlib import Path

import pytest

from scheduled.planning.incidents import Act
from scheduled.state.incident_entries import open_incidents
from tests.builders.engine import Engine
from tests.builders.jobs import job
from tests.ticks.test_incidents import told

A = "scheduled.yaml:4: jobs.a.schedule: minute 61 is out of range"
B = "scheduled.yaml:9: jobs.b.schedule: minute 77 is out of range"
FILE = "jobs/c.yaml:3: schedule: minute 61 is out of range"
BROKEN = "scheduled.yaml:4: not YAML: while parsing a flow node"


def test_a_broken_configuration_is_one_incident(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.problems = ("jobs/bad.yaml:1: schedule: no",)

    reports = [engine.run_at(f"12:{minute:02}") for minute in range(3)]
    engine.problems = ()
    reports.append(engine.run_at("12:03"))

    broken = "configuration"
    assert [told(report) for report in reports] == [[(broken, "open")], [], [], [(broken, "close")]]
    assert [report.exit_code for report in reports] == [2, 2, 2, 0]


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        ([A], [A, B], True),
        ([A], [B], True),
        ([A], [BROKEN], True),
        ([A], [A, FILE], True),
        ([FILE], [FILE, FILE.replace("c.yaml", "d.yaml")], True),
        ([A, B], [B], False),
        ([A], [A.replace(":4:", ":7:").replace("schedule: minute 61", "cwd: 5")], False),
        ([FILE], [FILE.replace(":3: schedule: minute", ":1: no id")], False),
        ([BROKEN], [BROKEN.replace("4: not YAML: while parsing a flow node", "9: jobs: 5")], False),
    ],
)
def test_a_mistake_in_another_place_is_told(
    tmp_path: Path, before: list[str], now: list[str], is_told: bool
) -> None:
    engine = Engine(tmp_path, [job()], notify={"ops": {"kind": "command", "command": "cat >> out"}})
    engine.problems = tuple(before)
    assert told(engine.run_at("12:00")) == [("configuration", "open")]

    engine.problems = tuple(now)
    ticks = [told(engine.run_at(f"12:0{minute}")) for minute in (1, 2)]

    assert ticks == [[("configuration", "remind")] if is_told else [], []]
    sent = "\n".join(engine.lines())
    assert all(problem in sent for problem in (now if is_told else before))
    known = open_incidents(engine.state)["configuration: problems"].last_error
    assert known == "\n".join(now if is_told else before)


def test_a_reminder_says_what_is_wrong_now(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.problems = (A, B)
    engine.run_at("12:00")
    engine.problems = (B,)

    [change] = engine.run_at("2026-11-22T12:01").incidents

    assert (change.act, change.incident.last_error) == (Act.REMIND, B)
    assert open_incidents(engine.state)["configuration: problems"].last_error == B


def test_of_many_problems_the_first_are_recorded(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.problems = tuple(f"jobs/{number}.yaml: broken" for number in range(10_000))

    [change] = engine.run_at("12:00").incidents

    first, *_, tenth = change.text.splitlines()
    assert first == "jobs/0.yaml: broken"
    assert tenth == "and 9991 more; `scheduled config validate` lists all"
    assert len(json.dumps(engine.state)) < 10_000
