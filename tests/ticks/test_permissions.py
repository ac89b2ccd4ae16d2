"""What is on record of permissions, and what becomes of jobs that are older than these."""

import subprocess
import sys
from dataclasses import replace as copy
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import events
from scheduled.ticks import permissions
from tests.builders.command import options
from tests.builders.engine import Engine
from tests.builders.idle import ENTRY
from tests.builders.installed import configure
from tests.builders.jobs import job
from tests.builders.two_jobs import OFF

USER = job(id="user.x", level="restricted", command="ulimit -v")


def checks(engine: Engine) -> list[Any]:
    return [event for event in engine.events if event["event"] == "permission"]


def started(engine: Engine) -> list[str]:
    """What runs were permitted, as their starts say."""
    return [event.get("permission", "") for event in engine.events if event["event"] == "begin"]


def as_registered_before(engine: Engine) -> None:
    """Have the job on record as an earlier version put it there."""
    engine.run_at("10:30")
    known = next(event for event in engine.events if event["event"] == "seen")
    state = engine.state["jobs"]["user.x"]
    old: Any = {key: value for key, value in state.items() if key != "checked"}
    before: Any = {**engine.state, "jobs": {"user.x": old}}
    engine.record("10:31", events.snapshot(before))
    assert known["level"] == "restricted"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path, [USER])


# The record


def test_m3_a_job_is_checked_when_it_is_put_on_record_and_when_it_starts(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [USER, job(id="plain"), job(id="maintenance.x", level="system")])

    engine.run_at("11:30")
    engine.run_at("12:00")

    levels = {e["job"]: e.get("level") for e in engine.events if e["event"] == "seen"}
    assert levels == {"user.x": "restricted", "plain": None, "maintenance.x": "system"}
    permitted: Any = {e["job"]: e.get("permission") for e in engine.events if e["event"] == "begin"}
    assert permitted.pop("user.x").startswith("restricted: environment reduced, ")
    assert permitted == {"plain": None, "maintenance.x": "system"}
    assert [event for event in checks(engine) if "run_id" not in event] == []


def test_m4_a_refused_job_is_on_record_once_a_day_as_long_as_it_stays_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [])
    engine.problems = (
        's.yaml:2: jobs.user.z: nice: not permitted: "user.z" cannot go before other processes',
        "s.yaml:9: jobs.z: neither a command nor a handler; set one of them",
    )

    for when in ("11:30", "11:31", "11:32"):
        engine.run_at(when)
    assert [(event["job"], event["verdict"]) for event in checks(engine)] == [("user.z", "refused")]
    assert checks(engine)[0]["reason"] == engine.problems[0]

    engine.run_at("2026-11-22T12:00")
    engine.run_at("2026-11-22T12:01")
    assert len(checks(engine)) == 2


def test_another_reason_is_recorded_at_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [])
    for reason in ("a", "b"):
        engine.problems = (f's.yaml:2: x.command: not permitted: "mail_cleanup" {reason}',)
        engine.run_at("11:30")

    assert [event["reason"][-1] for event in checks(engine)] == ["a", "b"]


# Jobs of an earlier version


def test_a_job_that_was_known_before_runs_without_limits(engine: Engine) -> None:
    as_registered_before(engine)

    for when in ("10:40", "11:00", "12:00"):
        engine.run_at(when)

    assert [event["verdict"] for event in checks(engine)] == ["as_before"]
    assert started(engine) == [f"restricted, {permissions.AS_BEFORE}"] * 2
    assert engine.state["jobs"]["user.x"]["counts"] == {"succeeded": 2}
    assert permissions.runs_as_before(USER, engine.state, None)


def test_it_has_its_limits_once_permissions_are_written_and_keeps_them(engine: Engine) -> None:
    as_registered_before(engine)
    engine.run_at("10:40")

    engine.settings["permissions"] = {}
    engine.run_at("10:41")
    engine.settings["permissions"] = None
    engine.run_at("11:00")

    assert [event["verdict"] for event in checks(engine)][:2] == ["as_before", "confined"]
    assert started(engine)[0].startswith("restricted: environment reduced")
    assert not permissions.runs_as_before(USER, engine.state, None)


@pytest.mark.parametrize(
    "change", [{"command": "true; true"}, {"env": {"A": "1"}}, {"schedule": "5 * * * *"}]
)
def test_it_has_its_limits_once_it_is_changed_and_keeps_them(
    engine: Engine, change: dict[str, Any]
) -> None:
    as_registered_before(engine)
    engine.run_at("10:40")

    engine.jobs = (copy(USER, **change),)
    engine.run_at("10:41")
    engine.jobs = (USER,)
    engine.run_at("10:42")
    engine.run_at("11:00")

    assert started(engine)[0].startswith("restricted: environment reduced")


def test_a_job_that_an_earlier_version_never_saw_has_its_limits_at_once(engine: Engine) -> None:
    engine.run_at("10:30")
    engine.run_at("11:00")

    assert started(engine)[0].startswith("restricted: environment reduced")
    assert "as_before" not in engine.state["jobs"]["user.x"]


# Everybody else


def test_a_tick_with_jobs_of_ones_own_loads_nothing_for_it(tmp_path: Path) -> None:
    own = f'{OFF}  web.a: {{command: "true", schedule: "0 * * * *", first_run: now}}\n'
    loaded = _loaded(tmp_path / "own", own)
    assert "scheduled.runs.keeper" in loaded
    assert loaded.isdisjoint(OURS)

    assert _loaded(tmp_path / "user", own.replace("web.a", "agency.a")) >= {OURS[0]}


OURS = (
    "scheduled.runs.confine",
    "scheduled.runs.confined_child",
    "scheduled.ticks.permissions",
    "scheduled.system.landlock",
    "ctypes",
)


def _loaded(folder: Path, jobs: str) -> set[str]:
    folder.mkdir()
    configure(folder, f"jobs:\n{jobs}")
    command = [sys.executable, "-X", "importtime", str(ENTRY), *options(folder), "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
