"""Retries that outlive their tick, dead letters, and what three of them in a row do."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, Outcome
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_ATTEMPT >> out"


def test_a_failed_slot_is_tried_again_at_a_later_tick_and_nobody_sleeps(tmp_path: Path) -> None:
    flaky = job(command=f"{NOTE}; test -f ready", max_retries=3, retry_delay=300.0)
    engine = Engine(tmp_path, [flaky])
    engine.run_at("11:30")
    (row,) = engine.run_at("12:00").ran
    assert (row["outcome"], row["attempt"]) == ("failed", 1)
    assert row["retry_at"] is not None
    assert row["retry_at"].startswith("2026-11-21T12:05")
    (tmp_path / "ready").touch()

    assert [len(engine.run_at(when).ran) for when in ("12:04", "12:06", "12:20")] == [0, 1, 0]

    slot = "2026-11-21T12:00:00Z"
    assert engine.lines() == [f"{slot} 1", f"{slot} 2"]
    assert outcomes(engine.rows) == [("12:00", "failed"), ("12:00", "succeeded")]


def test_the_wait_doubles_up_to_its_limit(tmp_path: Path) -> None:
    failing = job(
        "daily",
        schedule="0 0 * * *",
        command="exit 1",
        max_retries=4,
        retry_delay=600.0,
        max_retry_delay=1800.0,
    )
    engine = Engine(tmp_path, [failing])
    engine.run_at("2026-11-20T12:00:00")
    for when in ("00:00", "00:11", "00:32", "01:03", "01:34", "02:30"):
        engine.run_at(when)

    waits = [row["retry_at"] and row["retry_at"][11:16] for row in engine.rows]
    assert waits == ["00:10", "00:31", "01:02", "01:33", None]


def test_a_short_wait_happens_inside_the_tick(tmp_path: Path) -> None:
    flaky = job(command=f"{NOTE}; test $SCHEDULED_ATTEMPT = 3", max_retries=5, retry_delay=0.1)
    engine = Engine(tmp_path, [flaky])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == ["failed", "failed", "succeeded"]
    assert len(engine.lines()) == 3


def test_the_default_delay_of_a_minute_keeps_no_tick_waiting(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=3)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert len(report.ran) == 1


def test_a_newer_slot_cancels_the_retry(tmp_path: Path) -> None:
    failing = job(command=f"{NOTE}; exit 1", max_retries=3, retry_delay=7200.0)
    engine = Engine(tmp_path, [failing])
    for when in ("11:30", "12:00", "12:30", "13:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 1", "2026-11-21T13:00:00Z 1"]
    assert outcomes(engine.rows) == [("12:00", "failed"), ("13:00", "failed")]


def test_a_job_that_runs_each_slot_does_not_overtake_its_retry(tmp_path: Path) -> None:
    flaky = job(
        command=f"{NOTE}; test -f ready",
        max_retries=3,
        retry_delay=3900.0,
        catch_up=CatchUp.ALL,
    )
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00", "13:00"):
        engine.run_at(when)
    (tmp_path / "ready").touch()

    engine.run_at("13:10")

    slots = [line.split()[0][11:16] for line in engine.lines()]
    assert slots == ["12:00", "12:00", "13:00"]


@pytest.mark.parametrize(
    "body", ["raise ValueError('x')", "raise TypeError('x')", "raise GiveUp('x')"]
)
def test_an_error_that_trying_again_cannot_mend_is_final(tmp_path: Path, body: str) -> None:
    source = f"from scheduled.handler import GiveUp\ndef run(context):\n    {body}\n"
    (tmp_path / "doomed.py").write_text(source)
    engine = Engine(tmp_path, [job(handler="doomed:run", max_retries=3)])
    engine.run_at("11:30")

    (row,) = engine.run_at("12:00").ran

    assert (row["outcome"], row["retry_at"]) == ("failed", None)
    assert [letter["job"] for letter in engine.state["dead_letter"]] == ["backup"]


def test_a_timeout_is_tried_again_too(tmp_path: Path) -> None:
    slow = job(command="sleep 30", timeout=0.2, max_retries=1, retry_delay=0.1)
    engine = Engine(tmp_path, [slow])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == [Outcome.TIMED_OUT, Outcome.TIMED_OUT]


def test_a_run_by_hand_is_not_tried_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=3, retry_delay=0.1)])
    engine.run_at("11:30")

    report = engine.run_at("11:40", only=("backup",), by_hand=True)

    assert [row["retry_at"] for row in report.ran] == [None]
    assert engine.state["dead_letter"] == []


def test_a_run_by_hand_leaves_a_slot_its_retry(tmp_path: Path) -> None:
    flaky = job(command=f"{NOTE}; exit 1", max_retries=3, retry_delay=600.0)
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    engine.run_at("12:02", only=("backup",), by_hand=True, slotless=True)
    for when in ("12:03", "12:11"):
        engine.run_at(when)

    slot = "2026-11-21T12:00:00Z"
    assert engine.lines() == [f"{slot} 1", "1", f"{slot} 2"]


def test_a_run_by_hand_that_fails_takes_no_retry_of_a_slot_for_its_own(tmp_path: Path) -> None:
    flaky = job(command=f"{NOTE}; test $(wc -l < out) -gt 5", max_retries=3, retry_delay=600.0)
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    engine.run_at("12:15", only=("backup",), by_hand=True, slotless=True)

    assert engine.lines() == ["2026-11-21T12:00:00Z 1", "1"]


def test_when_the_retries_are_used_up_the_slot_is_a_dead_letter(tmp_path: Path) -> None:
    failing = job(command="exit 3", max_retries=1, retry_delay=0.1)
    engine = Engine(tmp_path, [failing])
    engine.run_at("11:30")

    engine.run_at("12:00")

    (letter,) = engine.state["dead_letter"]
    assert (letter["job"], letter["slot"]) == ("backup", "2026-11-21T12:00:00Z")
    assert (letter["attempts"], letter["error"]) == (2, "exit code 3")


@pytest.mark.slow
@pytest.mark.parametrize(
    "policies",
    [
        {},
        {"max_retries": 1, "retry_delay": 0.1},
        {"max_retries": 1, "retry_delay": 7200.0},
        {"max_retries": 3, "retry_delay": 1800.0},
    ],
    ids=["no retries", "used up in the tick", "called off at once", "called off later"],
)
def test_a7_a_job_that_keeps_failing_has_a_dead_letter_a_slot_and_goes_on(
    tmp_path: Path, policies: dict[str, Any]
) -> None:
    engine = Engine(tmp_path, [job(command="exit 3", **policies)])
    hours = range(12, 18)
    engine.run_at("11:30")
    reports = [engine.run_at(f"{hour}:{minute}") for hour in hours for minute in ("00", "31")]
    engine.run_at("18:00")

    slots = [f"2026-11-21T{hour}:00:00Z" for hour in hours]
    letters = [letter["slot"] for letter in engine.state["dead_letter"]]
    told = [row["slot"] for report in reports for row in report.told]
    assert [slot for slot in letters if slot in slots] == slots
    assert told == [slot for slot in slots if slot in told]  # each of them once, and in order
    assert len(told) >= len(slots) - 1
    assert "suspended" not in engine.state["jobs"]["backup"]
    assert {report.exit_code for report in reports if report.ran} == {1}


@pytest.mark.slow
def test_a7_of_many_dead_letters_the_first_and_the_last_are_kept(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="* * * * *", command="exit 3")])
    for minute in range(30):
        engine.run_at(f"12:{minute:02}")

    letters = engine.state["dead_letter"]
    assert engine.state["jobs"]["backup"]["dead_letters"] == 29
    assert [letter["slot"][14:16] for letter in letters] == [
        "01",
        *(f"{minute:02}" for minute in range(10, 30)),
    ]


@pytest.mark.slow
def test_a7_dead_letters_in_a_row_suspend_a_job_that_says_so_until_somebody_enables_it(
    tmp_path: Path,
) -> None:
    failing = job(command=f"{NOTE}; test -f ready", max_retries=1, retry_delay=0.1, suspend_after=3)
    engine = Engine(tmp_path, [failing])
    for when in ("11:30", "12:00", "13:00", "14:00", "15:00"):
        engine.run_at(when)
    assert len(engine.lines()) == 6  # two attempts at three slots
    assert engine.state["jobs"]["backup"]["suspended"]["error"] == "exit code 1"
    (tmp_path / "ready").touch()

    engine.record("15:30", {"event": "enabled", "job": "backup", "enabled": True})
    engine.run_at("16:00")

    assert engine.rows[-1]["outcome"] == "succeeded"


@pytest.mark.slow
def test_a_success_in_between_starts_the_count_anew(tmp_path: Path) -> None:
    failing = job(command="test -f ready", max_retries=1, retry_delay=0.1, suspend_after=3)
    engine = Engine(tmp_path, [failing])
    engine.run_at("11:30")
    for hour in range(12, 19):
        if hour == 14:
            (tmp_path / "ready").touch()
        if hour == 15:
            (tmp_path / "ready").unlink()
        engine.run_at(f"{hour}:00")

    assert [row["outcome"] for row in engine.rows].count("failed") == 2 * 2 + 3 * 2


def test_an_edit_of_the_schedule_forgets_the_retry(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=3, retry_delay=300.0)])
    for when in ("11:30", "12:00"):
        engine.run_at(when)
    engine.jobs = (job(schedule="30 * * * *", command=NOTE, max_retries=3),)

    engine.run_at("12:06")

    assert engine.lines() == []
    assert engine.config.jobs[0].schedule == "30 * * * *"
    assert engine.run_at("12:30:01").ran[0]["slot"] == at("12:30").isoformat().replace(
        "+00:00", "Z"
    )
