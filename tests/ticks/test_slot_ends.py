"""How slots end: each with one outcome, failures told once, interrupted slots rerun or dead."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, OnInterrupted, Overlap
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.killed import tick_and_kill

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_ATTEMPT >> out"
UNTIL_READY = f"{NOTE}; test -f ready || sleep 30"
NOON = "2026-11-21T12:00:00Z"


def killed_at(engine: Engine, *times: str) -> None:
    """Tick at these times; each tick is killed, and its run with it."""
    for when in times:
        tick_and_kill(engine, when)


def boots(slot: str, number: int, **more: Any) -> dict[str, Any]:
    """A run whose tick and machine died: it began, and there is nothing else."""
    return {
        "event": "begin",
        "job": "backup",
        "run_id": f"20261121T{slot.replace(':', '')}00-{number:06}",
        "slot": f"2026-11-21T{slot}:00Z",
        "attempt": 1,
        "catch_up": False,
        "missed": 0,
        "timeout": 60.0,
        "boot_id": "of another boot",
        **more,
    }


def test_a5_a_slot_that_is_interrupted_for_good_is_a_dead_letter(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command=UNTIL_READY)])
    engine.run_at("11:30")
    killed_at(engine, "12:00", "12:01", "12:02")

    report = engine.run_at("12:03")
    after = engine.run_at("12:04")

    assert engine.lines() == [f"{NOON} {attempt}" for attempt in (1, 2, 3)]
    (letter,) = engine.state["dead_letter"]
    assert (letter["slot"], letter["attempts"]) == (NOON, 3)
    assert [(row["slot"], row["outcome"]) for row in report.told] == [(NOON, "interrupted")]
    assert (report.exit_code, after.exit_code, after.told) == (1, 0, [])
    assert engine.state["jobs"]["backup"]["failures"] == 1


def test_a5_a_slot_that_is_not_to_be_rerun_is_a_dead_letter_at_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(on_interrupted=OnInterrupted.SKIP)])
    engine.run_at("11:30")
    engine.record("12:00", boots("12:00", 1))

    report = engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted")]
    assert (report.exit_code, len(report.told), len(engine.state["dead_letter"])) == (1, 1, 1)


def test_a5_a_slot_that_is_rerun_is_told_of_as_no_failure(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("12:00", boots("12:00", 1))

    report = engine.run_at("12:01")

    assert engine.lines() == [f"{NOON} 2"]
    assert (report.exit_code, report.told, engine.state["dead_letter"]) == (0, [], [])
    assert "was interrupted" in report.warnings[0]


@pytest.mark.parametrize("catch_up", CatchUp)
def test_b1_an_interrupted_slot_is_not_counted_as_missed_too(
    tmp_path: Path, catch_up: CatchUp
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, catch_up=catch_up)])
    engine.run_at("11:30")
    engine.record("12:00", boots("12:00", 1))
    for when in ("14:00", "14:01", "14:02"):
        engine.run_at(when)

    settled = Counter(row["slot"] for row in engine.rows if row["outcome"] and not row["retry_at"])
    missed = [row for row in engine.rows if row["outcome"] == "missed"]
    assert max(settled.values()) == 1
    assert NOON not in [row["slot"] for row in missed]
    assert [row["missed"] for row in missed] == ([] if catch_up is CatchUp.ALL else [1])
    rerun = [f"{NOON} 2"] if catch_up is CatchUp.ALL else []
    assert engine.lines()[: len(rerun)] == rerun


def test_b1_a_failed_run_covers_missed_slots_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=1, retry_delay=1800.0)])
    for when in ("08:30", "12:50", "13:00", "14:00"):
        engine.run_at(when)

    runs = [(row["slot"], row["missed"], row["catch_up"]) for row in engine.rows if row["run_id"]]
    assert runs == [
        ("2026-11-21T12:00:00Z", 3, True),
        ("2026-11-21T13:00:00Z", 0, False),
        ("2026-11-21T14:00:00Z", 0, False),
    ]


@pytest.mark.parametrize("policy", [Overlap.QUEUE, Overlap.SKIP, Overlap.REPLACE])
def test_h3_the_next_slot_begins_with_its_first_attempt(tmp_path: Path, policy: Overlap) -> None:
    retried = job(command=f"{NOTE}; exit 1", max_retries=2, retry_delay=0.05, overlap=policy)
    engine = Engine(tmp_path, [retried])
    engine.run_at("11:30")
    engine.record("12:00", boots("12:00", 1))

    report = engine.run_at("13:00")

    slot = "2026-11-21T13:00:00Z"
    assert engine.lines() == [f"{slot} {attempt}" for attempt in (1, 2, 3)]
    assert [letter["slot"] for letter in engine.state["dead_letter"]] == [NOON, slot]
    assert [row["slot"] for row in report.told] == [NOON, slot]


@pytest.mark.parametrize("interruptions", range(3))
def test_h3_an_interrupted_slot_keeps_its_retries(tmp_path: Path, interruptions: int) -> None:
    retried = job(command=f"{NOTE}; exit 1", max_retries=2, retry_delay=0.05)
    engine = Engine(tmp_path, [retried])
    engine.run_at("11:30")
    run = boots("12:00", interruptions, attempt=1 + interruptions, interruptions=interruptions)
    engine.record("12:00", run)

    engine.run_at("12:01")

    reruns = interruptions < 2
    attempts = range(2 + interruptions, 5 + interruptions) if reruns else ()
    assert engine.lines() == [f"{NOON} {attempt}" for attempt in attempts]
    (letter,) = engine.state["dead_letter"]
    assert letter["attempts"] == (4 + interruptions if reruns else 3)


@pytest.mark.parametrize(
    ("cause", "recorded"),
    [
        ("disabled in the file", "disabled"),
        ("edited", "its schedule was changed"),
        ("paused", "paused"),
        ("a newer slot", "a newer slot is due"),
        ("only_if", "only_if said no (exit code 1)"),
    ],
)
@pytest.mark.parametrize("ended", ["failed", "interrupted"])
def test_a7_whatever_calls_off_a_retry_the_slot_is_a_dead_letter_and_told_of_once(
    tmp_path: Path, ended: str, cause: str, recorded: str
) -> None:
    retried = job(command="exit 3", max_retries=3, retry_delay=600.0, only_if="test ! -f no")
    engine = Engine(tmp_path, [retried])
    engine.run_at("11:30")
    if ended == "failed":
        engine.run_at("12:00")
    else:
        engine.record("12:00", boots("12:00", 1))
    when = call_off(engine, cause)

    report, after = engine.run_at(f"{when}:00"), engine.run_at(f"{when}:20")

    told = [row for row in report.told if row["slot"] == NOON]
    assert [row["outcome"] for row in told] == [ended]
    # Nothing waits for a rerun where the job is disabled by the time its run is found dead.
    at_once = ended == "interrupted" and cause == "disabled in the file"
    assert ("tick that started it died" if at_once else recorded) in str(told[0]["reason"])
    letters = [row["slot"] for row in engine.state["dead_letter"]]
    assert letters.count(NOON) == 1
    assert report.exit_code == 1
    assert [row for row in after.told if row["slot"] == NOON] == []
    finals = [row for row in engine.rows if row["slot"] == NOON and row["run_id"] is None]
    assert finals == []  # neither skipped nor missed as well
    last = next(row for row in reversed(engine.rows) if row["slot"] == NOON)
    assert (last["outcome"], last["retry_at"]) == (ended, None)
    assert at_once or last["reason"] == f"not tried again: {recorded}"
    recorded_last = engine.state["jobs"]["backup"]["last"]
    assert recorded_last["slot"] != NOON or not recorded_last.get("retry_at")


def call_off(engine: Engine, cause: str) -> str:
    """Do what makes the next attempt of the slot at noon impossible; return when to tick."""
    (retried,) = engine.jobs
    match cause:
        case "disabled in the file":
            engine.jobs = (job(command="exit 3", max_retries=3, enabled=False),)
        case "edited":
            engine.jobs = (job(schedule="30 * * * *", command="exit 3", max_retries=3),)
        case "paused":
            pause = {"event": "paused", "job": "backup", "until": None, "reason": ""}
            engine.record("12:03", pause)
        case "a newer slot":
            return "13:00"
        case "only_if":
            (engine.folder / "no").touch()
    assert retried.max_retries == 3
    return "12:11"


def test_b3_a_slot_with_quick_retries_is_told_of_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 3", max_retries=2, retry_delay=0.05)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert len(report.failed) == 3
    assert [(row["slot"], row["attempt"]) for row in report.told] == [(NOON, 3)]
    assert report.upcoming["backup"].hour == 13


def test_b3_a_slot_that_is_tried_again_later_is_not_told_of_yet(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 3", max_retries=1, retry_delay=300.0)])
    engine.run_at("11:30")

    first, second = engine.run_at("12:00"), engine.run_at("12:06")

    assert (first.exit_code, first.told) == (1, [])
    assert (second.exit_code, [row["attempt"] for row in second.told]) == (1, [2])


def test_a7_a_suspension_that_0_1_0_made_by_itself_is_lifted_once_and_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("08:30")
    for hour in ("09", "10", "11"):
        slot = f"2026-11-21T{hour}:00:00Z"
        ended = {"outcome": "failed", "answered": True, "dead_letter": True, "error": "exit 1"}
        run = {"job": "backup", "run_id": f"r{hour}", "slot": slot, "attempt": 4}
        engine.record(f"{hour}:05", {"event": "end", **run, **ended, "finished_at": slot})
    assert engine.state["jobs"]["backup"]["suspended"]["error"] == "exit 1"

    first, second = engine.run_at("14:30"), engine.run_at("15:00")

    assert "0.1.0 had suspended it" in first.warnings[0]
    assert second.warnings == []
    assert "suspended" not in engine.state["jobs"]["backup"]
    assert engine.lines() == ["2026-11-21T15:00:00Z 1"]
    assert ("14:00", "missed") in outcomes(engine.rows)
    assert engine.rows[-1]["missed"] == 0
    assert len(engine.state["dead_letter"]) == 3


def test_h3_a_slot_that_0_1_0_left_to_be_rerun_is_rerun(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    end = {"event": "end", "outcome": "interrupted", "answered": False, "error": "x"}
    engine.record("12:00:30", boots("12:00", 1), {**boots("12:00", 1), **end, "started_at": NOON})

    engine.run_at("12:01")

    assert engine.lines() == [f"{NOON} 2"]
    assert outcomes(engine.rows)[-1] == ("12:00", "succeeded")
