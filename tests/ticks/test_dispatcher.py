"""The middle of a tick: what it has room and budget for, and what it leaves for later."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp
from scheduled.planning import tick_plan
from scheduled.runs.supervisor import Supervisor
from tests.builders.engine import Engine
from tests.builders.jobs import job

NOTE = "echo $SCHEDULED_JOB $SCHEDULED_SLOT >> out"


def test_a_job_that_runs_each_slot_spends_the_budget_of_the_tick_too(tmp_path: Path) -> None:
    each = job(command=NOTE, catch_up=CatchUp.ALL)
    engine = Engine(tmp_path, [each], catch_up_budget=3)
    engine.run_at("04:30")

    reports = [engine.run_at(when) for when in ("12:10", "12:11", "12:12", "12:13")]

    assert [len(report.ran) for report in reports] == [3, 3, 2, 0]
    assert [report.not_started for report in reports[:3]] == [
        [("backup", tick_plan.BUDGET_SPENT)],
        [("backup", tick_plan.BUDGET_SPENT)],
        [],
    ]


def test_the_last_slot_that_is_on_time_needs_no_budget(tmp_path: Path) -> None:
    each = job(command=NOTE, catch_up=CatchUp.ALL)
    engine = Engine(tmp_path, [each], catch_up_budget=2)
    engine.run_at("09:30")

    report = engine.run_at("12:00")

    assert [row["catch_up"] for row in report.ran] == [True, True, False]
    assert report.not_started == []


def test_two_jobs_share_the_budget_of_a_tick(tmp_path: Path) -> None:
    jobs = [job(name, command=NOTE, catch_up=CatchUp.ALL) for name in ("a", "b")]
    engine = Engine(tmp_path, jobs, catch_up_budget=3)
    engine.run_at("07:30")

    report = engine.run_at("12:10")

    assert len(report.ran) == 3
    assert sorted(name for name, _ in report.not_started) == ["a", "b"]


def test_retries_inside_the_tick_keep_to_the_limit_of_runs_at_once(tmp_path: Path) -> None:
    command = "echo + >> out; sleep 0.2; echo - >> out; test $SCHEDULED_ATTEMPT = 2"
    jobs = [job(name, command=command, max_retries=1, retry_delay=0.05) for name in ("a", "b", "c")]
    engine = Engine(tmp_path, jobs, max_concurrent=1)
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert engine.lines() == ["+", "-"] * 6
    assert [row["outcome"] for row in report.ran].count("succeeded") == 3


def test_a_retry_that_has_to_wait_for_room_costs_nothing_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    wait = Supervisor.wait

    def counted(children: Supervisor, patience: float | None = None) -> Any:
        looks.append(patience)
        return wait(children, patience)

    monkeypatch.setattr(Supervisor, "wait", counted)
    fails = job("a", command="exit 1", max_retries=1, retry_delay=0.05)
    engine = Engine(tmp_path, [fails, job("b", command="sleep 1")], max_concurrent=1)
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert sorted(row["job"] for row in report.ran) == ["a", "a", "b"]
    assert len(looks) < 30


def test_a_condition_that_takes_its_time_keeps_nobody_else_from_starting(tmp_path: Path) -> None:
    first = job("a", command="touch started")
    second = job("b", only_if="while [ ! -e started ]; do sleep 0.02; done")
    engine = Engine(tmp_path, [first, second])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert [(row["job"], row["outcome"]) for row in report.ran] == [
        ("a", "succeeded"),
        ("b", "succeeded"),
    ]
