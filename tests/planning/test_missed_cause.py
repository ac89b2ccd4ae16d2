"""What is said of slots for which nothing ran: the cause that lies closest to them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scheduled.planning import missed_cause
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state import events, tick_events
from scheduled.state.document import empty
from scheduled.state.records import job_memory
from scheduled.timing.slots import MissedRange
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import begin, end

GAP = "clock set forward"
"""What a jump of a test's clock looks like to its ticks."""
PUT_OFF = 'case $SCHEDULED_SLOT in *T12*) echo "disk is busy" >&2; exit 75 ;; esac'


def test_b2_what_was_put_off_until_the_next_slot_says_how_often_and_why(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=PUT_OFF)])
    for when in ("11:59", "12:00", "12:01", "12:02", "12:03", "12:04"):
        engine.run_at(when)

    engine.run_at("13:00")  # after a gap, which is not what kept it from running

    assert missed(engine) == [("12:00", "12:00", 1, "put off five times: exit code 75")]


def test_b2_a_slot_that_comes_due_during_a_run_is_missed_because_of_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    ticks(engine, "09:59", "10:00")
    long = end("long", at("11:00"), finished_at="2026-11-21T14:20:00Z")
    engine.record("11:00", begin("long", at("11:00")))
    engine.record("14:20", long)
    engine.record("14:20", tick_events.gap_explained(at("11:30"), at("13:30"), "cron silent"))

    engine.run_at("14:21")

    assert missed(engine)[-1] == ("12:00", "13:00", 2, "still running")


def test_b2_each_part_of_a_long_time_has_its_own_cause(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/30 * * * *")])
    ticks(engine, "07:59", "08:00")
    engine.record("08:00:30", begin("long", at("08:00")))
    long = end("long", at("08:00"), started_at="2026-11-21T08:00:30Z")
    engine.record("09:10", {**long, "finished_at": "2026-11-21T09:10:00Z"})
    engine.record("10:10", events.job_paused("backup", at("11:10"), ""))

    engine.run_at("12:45")

    assert missed(engine)[-4:] == [
        ("08:30", "09:00", 2, "still running"),
        ("09:30", "10:00", 2, GAP),
        ("10:30", "11:00", 2, "paused"),
        ("11:30", "12:00", 2, GAP),
    ]
    assert engine.rows[-1]["missed"] == 8


def test_b2_waiting_for_another_job_is_the_cause(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("base", command="test -e mended"), job(after=("base",))])
    ticks(engine, "09:59", "10:00", "10:01", "11:00", "11:01")
    (tmp_path / "mended").touch()

    engine.run_at("12:00")

    assert missed(engine) == [("10:00", "11:00", 2, "held back: waits for base to succeed")]


@pytest.mark.parametrize("again", [False, True])
def test_b2_a_guard_is_the_cause_for_all_that_it_held_back(tmp_path: Path, again: bool) -> None:
    crowded = job(min_free_disk=10**18)
    engine = Engine(tmp_path, [crowded])
    ticks(engine, "09:59", "10:00", *(["10:01"] if again else []), "11:00", "12:00")
    engine.jobs = (job(),)

    engine.run_at("13:00")

    (told,) = missed(engine)
    assert told[:3] == ("10:00", "12:00", 3)
    assert told[3].startswith("held back: ")
    assert told[3].endswith("min_free_disk is 953,674,316,406 MiB")


def test_b2_what_lay_outside_its_window_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/10 * * * *", window="20:20-23:00")])
    ticks(engine, "19:58", *(f"20:{minute:02}" for minute in range(0, 22, 2)))

    assert missed(engine) == [("20:00", "20:10", 2, "outside its window 20:20-23:00")]


def test_b2_a_cause_that_is_over_is_not_taken_for_a_later_one(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=PUT_OFF)])
    ticks(engine, "11:59", "12:00", "13:00")

    engine.run_at("15:00")

    assert missed(engine) == [
        ("12:00", "12:00", 1, "put off once: exit code 75"),
        ("14:00", "14:00", 1, GAP),
    ]


def test_where_nothing_is_missed_there_is_no_cause() -> None:
    every_hour = job()
    slots = SlotCache.at(at("12:00"))
    decision = Decision(every_hour, Verdict.WAIT)

    assert missed_cause.by_cause(decision, job_memory(empty(), "backup"), {}, [], slots) == []


def test_a_gap_whose_instants_cannot_be_read_is_no_cause() -> None:
    passed = MissedRange(at("10:00"), at("11:00"), 2)
    decision = Decision(job(), Verdict.RUN, missed=passed)
    gap: Any = {"from": "?", "to": "2026-11-21T11:30:00Z", "cause": "machine off"}
    slots, memory = SlotCache.at(at("12:00")), job_memory(empty(), "backup")

    causes = [cause for _, cause in missed_cause.by_cause(decision, memory, {}, [gap], slots)]

    assert causes
    assert "machine off" not in causes


def ticks(engine: Engine, *times: str) -> None:
    for when in times:
        engine.run_at(when)


def missed(engine: Engine) -> list[tuple[Any, ...]]:
    """Return first and last slot, how many, and the cause, of all that is missed on record."""
    return [
        (clock(event["first"]), clock(event["last"]), event["count"], event["cause"])
        for event in engine.events
        if event["event"] == "missed" and event["job"] == "backup"
    ]


def clock(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%H:%M}"
