"""`why`: every reason for which a job did not run has its words."""

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from scheduled.history import Wanted, read
from scheduled.store import Store
from scheduled.view import why
from scheduled.view.picture import observe
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

WAIT = "test -f ready || exit 75"


def asked(engine: Engine, when: str, about: str | None = None, name: str = "backup") -> Any:
    """What `why NAME --at ABOUT` shows at `when`."""
    store = Store(engine.state_dir).load()
    picture = observe(engine.config, store.state, at(when), UTC)
    found = next(one for one in engine.jobs if one.id == name)
    rows = read(store.journal, Wanted(job=name, limit=0), lambda _: False)
    return why.document(picture, found, at(about or when), rows)


def test_a_run_is_told_with_its_attempts(tmp_path: Path) -> None:
    flaky = job(command="test $SCHEDULED_ATTEMPT = 2", max_retries=2, retry_delay=0.1)
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    shown = asked(engine, "12:10")

    assert (shown["slot"], shown["answer"]) == ("2026-11-21T12:00:00Z", "succeeded")
    assert [reason.split(",")[0] for reason in shown["reasons"]] == ["attempt 2", "attempt 1"]
    assert "exit code 1; to be tried again at" in shown["reasons"][1]


def test_each_slot_of_an_outage_is_missed_with_its_cause(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    for when in ("08:30", "12:10"):
        engine.run_at(when)

    answers = [asked(engine, "12:30", f"{hour:02}:30")["answer"] for hour in range(9, 13)]

    assert answers == ["missed", "missed", "missed", "succeeded"]
    assert "missed: clock set forward" in asked(engine, "12:30", "10:15")["reasons"][0]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"event": "enabled", "job": "backup", "enabled": False}, "disabled"),
        (
            {"event": "paused", "job": "backup", "until": None, "reason": "moving"},
            "paused: moving",
        ),
        ({"event": "skip", "job": "backup", "slot": "2026-11-21T12:00:00Z"}, "left out by hand"),
    ],
)
def test_what_somebody_said_is_the_reason(tmp_path: Path, event: dict[str, Any], said: str) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("11:40", event)

    assert said in asked(engine, "12:00:30")["reasons"]


def test_a_job_that_waits_for_another_says_for_which(tmp_path: Path) -> None:
    jobs = [job(after=("base",)), job("base", command="exit 1")]
    engine = Engine(tmp_path, jobs)
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    shown = asked(engine, "12:01")

    assert shown["answer"] == "due"
    assert "it waits for base to succeed" in shown["reasons"]


def test_a_job_that_said_not_now_is_due_with_its_reason(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=WAIT)])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    shown = asked(engine, "12:01")

    assert shown["answer"] == "due"
    assert "it said not now: exit code 75" in shown["reasons"]


def test_too_late_is_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(max_lateness=60.0)])
    for when in ("11:30", "12:30"):
        engine.run_at(when)

    shown = asked(engine, "12:31")

    assert shown["answer"] == "skipped"
    assert "too late: 1800 s, at most 60 s" in shown["reasons"][0]


def test_a_retry_and_a_suspension_are_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=1, retry_delay=120.0)])
    for when in ("11:30", "12:00"):
        engine.run_at(when)
    assert "to be tried again" in asked(engine, "12:01")["reasons"][0]
    for when in ("12:03", "13:00", "13:03", "14:00", "14:03"):
        engine.run_at(when)

    shown = asked(engine, "15:00")

    assert shown["answer"] == "due"
    assert shown["reasons"][-1].startswith("suspended: its retries were used up")


def test_a_slot_nobody_came_for_says_that_no_tick_came(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")

    reasons = asked(engine, "12:30")["reasons"]

    assert any(reason.startswith("no tick has come since") for reason in reasons)


def test_a_clock_change_is_told(tmp_path: Path) -> None:
    moved = job(schedule="30 2 * * *", timezone="Europe/Berlin")
    engine = Engine(tmp_path, [moved])
    engine.run_at("2026-03-28T12:00:00")
    engine.run_at("2026-03-29T01:00:30")

    shown = asked(engine, "2026-03-29T06:00:00")

    assert shown["answer"] == "succeeded"
    assert "clock change: moved: 02:30 does not exist that day" in shown["reasons"]


def test_before_its_first_slot_there_is_none(tmp_path: Path) -> None:
    once = job(schedule="at:2027-01-15T10:00:00Z")
    engine = Engine(tmp_path, [once])
    engine.run_at("11:30")

    shown = asked(engine, "12:00")

    assert (shown["slot"], shown["answer"]) == (None, "none")
    assert shown["next"] == "2027-01-15T10:00:00Z"
