"""Degraded mode: on a machine under stress, jobs of priority low run every second time."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, Job, Priority
from scheduled.state import events
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

NOTE = 'echo "$SCHEDULED_JOB $SCHEDULED_SLOT" >> out'
TEN = "*/10 * * * *"
SHY = job("shy", schedule="0 12 * * *", command=NOTE, max_memory_percent=0.01)
"""A job that a guard keeps waiting for ever: some memory is always taken."""


def low(**fields: Any) -> Job:
    return job("low", **{"schedule": TEN, "command": NOTE, "priority": Priority.LOW, **fields})


def slots(engine: Engine, name: str = "low") -> list[str]:
    """At which times a job has run, as HH:MM."""
    return [line.split()[1][11:16] for line in engine.lines() if line.startswith(f"{name} ")]


def minutes(engine: Engine, first: str, last: str) -> None:
    """Do a tick each minute: more seldom ones would be taken for a gap."""
    moment = at(first)
    while moment <= at(last):
        engine.run_at(moment.isoformat())
        moment += timedelta(minutes=1)


def test_low_priority_runs_every_second_time_under_stress_and_all_others_each_time(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [SHY, low(), job("other", schedule=TEN, command=NOTE)])
    engine.run_at("11:59")
    minutes(engine, "12:00", "13:00")

    assert slots(engine) == ["12:00", "12:20", "12:40", "13:00"]
    assert slots(engine, "other") == [f"12:{ten}0" for ten in range(6)] + ["13:00"]
    deferred = [each for each in engine.events if each["event"] == "deferred"]
    of_low = [each for each in deferred if each["job"] == "low"]
    assert [(each["guard"], each["slot"][11:16]) for each in of_low] == [
        ("stress", "12:10"),
        ("stress", "12:30"),
        ("stress", "12:50"),
    ]
    assert of_low[0]["reason"] == (
        "the machine is under stress: max_memory_percent of shy since 2026-11-21 12:00 UTC;"
        " with priority low it runs every second time"
    )
    missed = [each for each in engine.events if each["event"] == "missed" and each["job"] == "low"]
    assert [each["cause"].partition(":")[0] for each in missed] == ["held back"] * 3


def test_when_the_stress_is_over_what_waits_starts_at_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [SHY, low()])
    engine.run_at("11:59")
    minutes(engine, "12:00", "12:10")
    assert slots(engine) == ["12:00"]

    engine.jobs = (job("shy", schedule="0 12 * * *", command=NOTE, max_memory_percent=100.0), low())
    engine.run_at("12:11")

    assert slots(engine, "shy") == ["12:00"]
    assert slots(engine) == ["12:00", "12:10"]


def test_ten_minutes_are_counted_without_times_in_which_no_tick_came(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [SHY, low(schedule="*/5 * * * *")])
    engine.run_at("11:59")
    minutes(engine, "12:00", "12:05")
    minutes(engine, "15:00", "15:15")

    assert slots(engine) == ["12:00", "12:05", "15:00", "15:05", "15:15"]


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": Priority.MEDIUM},
        {"catch_up": CatchUp.ALL},
        {"schedule": "0,10,20 12 * * *", "catch_up": CatchUp.ALL},
    ],
    ids=str,
)
def test_nothing_else_is_held_back(tmp_path: Path, fields: dict[str, Any]) -> None:
    engine = Engine(tmp_path, [SHY, low(**fields)])
    engine.run_at("11:59")
    minutes(engine, "12:00", "12:20")

    assert slots(engine) == ["12:00", "12:10", "12:20"]


def test_what_catches_up_on_nothing_runs_every_second_time_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [SHY, low(catch_up=CatchUp.SKIP)])
    engine.run_at("11:59")
    minutes(engine, "12:00", "13:00")

    assert slots(engine) == ["12:00", "12:20", "12:40", "13:00"]


@pytest.mark.parametrize("change", ["disabled", "removed", "idle_only"])
def test_a_job_that_waits_for_another_reason_means_no_stress(tmp_path: Path, change: str) -> None:
    engine = Engine(tmp_path, [SHY, low()])
    engine.run_at("11:59")
    minutes(engine, "12:00", "12:05")
    others = {
        "disabled": (job("shy", schedule="0 12 * * *", max_memory_percent=0.01, enabled=False),),
        "removed": (),
        "idle_only": (job("shy", schedule="0 12 * * *", min_free_disk=10**17),),
    }
    engine.jobs = (*others[change], low())

    minutes(engine, "12:06", "12:20")

    assert slots(engine) == ["12:00", "12:10", "12:20"]


def test_a_low_job_that_is_run_by_hand_or_deferred_starts(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [SHY, low()])
    engine.run_at("11:59")
    minutes(engine, "12:00", "12:10")

    engine.run_at("12:11", by_hand=True, only=("low",))
    assert len([line for line in engine.lines() if line.startswith("low")]) == 2
    engine.record("12:11", events.job_deferred("low", at("12:13"), ""))
    minutes(engine, "12:12", "12:14")

    assert slots(engine)[-1] == "12:13"


def test_a_retry_is_not_held_back(tmp_path: Path) -> None:
    flaky = f"{NOTE}; test $SCHEDULED_ATTEMPT = 2"
    engine = Engine(tmp_path, [SHY, low(command=flaky, max_retries=1, schedule="*/11 12 * * *")])
    engine.run_at("11:59")
    minutes(engine, "12:00", "12:25")

    assert slots(engine) == ["12:00", "12:00", "12:22", "12:22"]
