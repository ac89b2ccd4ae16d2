"""Ticks played beforehand, held against the real ones that follow."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, Job, Priority
from scheduled.state.history import Row
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.ticks.simulation.fakes import InMemoryStore
from scheduled.ticks.simulation.simulator import MOMENT, Simulator
from scheduled.timing.tick_times import Outage, TickTimeline
from tests.builders.command import tree
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job
from tests.builders.looks import end

MINUTE = timedelta(minutes=1)


def simulator(
    engine: Engine, start: str, end: str, *outages: Outage, step: timedelta = MINUTE
) -> Simulator:
    """Of what an engine would do from what it remembers now."""
    memory = InMemoryStore(engine.state_dir, Store(engine.state_dir).load().state)
    return Simulator(engine.config, memory, TickTimeline(at(start), at(end), step, "UTC", outages))


def played(simulation: Simulator) -> list[Row]:
    return [row for _, rows in simulation.run() for row in rows]


def test_a_job_runs_at_each_of_its_slots_and_the_first_tick_only_meets_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/20 * * * *")])

    rows = played(simulator(engine, "12:00", "13:00"))

    assert outcomes(rows) == [("12:20", "succeeded"), ("12:40", "succeeded")]


def test_nothing_is_run_and_nothing_is_written(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo ran >> out")])
    engine.run_at("11:30")
    before = tree(tmp_path)

    rows = played(simulator(engine, "11:31", "15:00"))

    assert len(rows) == 3
    assert tree(tmp_path) == before


CASES: dict[str, list[Job]] = {
    "latest": [job(schedule="*/10 * * * *")],
    "all": [job(schedule="*/10 * * * *", catch_up=CatchUp.ALL)],
    "skip": [job(schedule="*/10 * * * *", catch_up=CatchUp.SKIP)],
    "lateness": [job(schedule="20 * * * *", max_lateness=1200.0), job("other", "*/7 * * * *")],
    "interval": [job(schedule="every 25m")],
    "window": [job(schedule="*/20 * * * *", window="12:30-12:50", timezone="UTC")],
    "jitter": [job(schedule="*/15 * * * *", jitter=600.0, seed="here")],
    "after": [
        job("z", "0,30 * * * *"),
        job("a", "0,30 * * * *", after=("z",), priority=Priority.HIGH),
    ],
    "budget": [job(f"j{number}", "*/5 * * * *", catch_up=CatchUp.ALL) for number in range(3)],
    "once": [job(schedule="at:2026-11-21T12:25:00Z")],
}


@pytest.mark.slow
@pytest.mark.parametrize("jobs", CASES.values(), ids=CASES)
def test_what_was_simulated_is_what_the_ticks_then_do(tmp_path: Path, jobs: list[Job]) -> None:
    # One at a time: of several, who ends first has first call on the budget of the tick.
    engine = Engine(tmp_path, jobs, tick_interval=300.0, max_concurrent=1)
    engine.run_at("11:40")
    outage = Outage(at("12:05"), at("12:35"))
    timeline = simulator(engine, "11:45", "13:10", outage, step=timedelta(minutes=5))

    foreseen = [facts(row) for row in played(timeline)]
    for minute in range(105, 190, 5):
        when = at("10:00") + minute * MINUTE
        if not outage.covers(when):
            engine.run_at(f"{when + MOMENT:%FT%T.%f}")

    assert sorted(foreseen, key=str) == sorted(map(facts, engine.rows), key=str)
    assert foreseen != []


def facts(row: Row) -> dict[str, Any]:
    """What can be foreseen of a row."""
    return {key: row[key] for key in ("job", "slot", "outcome", "catch_up", "missed")}


def test_slots_missed_in_an_outage_say_so_and_those_between_ticks_do_not(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/10 * * * *")])
    outage = Outage(at("12:30"), at("13:30"))

    rows = played(simulator(engine, "12:00", "14:00", outage, step=timedelta(minutes=30)))

    missed = [(row["missed"], row["reason"]) for row in rows if row["outcome"] == "missed"]
    assert missed == [(8, "outage")]


def test_ticks_that_come_seldom_leave_slots_to_a_silent_cron(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/10 * * * *")])

    rows = played(simulator(engine, "12:00", "13:00", step=timedelta(minutes=30)))

    assert [(row["missed"], row["reason"]) for row in rows if row["outcome"] == "missed"] == [
        (2, "cron silent")
    ]


def test_a_pause_and_a_skip_on_record_are_heeded(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/20 * * * *")])
    engine.run_at("11:50")
    paused = {"event": "paused", "job": "backup", "until": "2026-11-21T12:30:00Z", "reason": "rest"}
    engine.record(
        "11:51", paused, {"event": "skip", "job": "backup", "slot": "2026-11-21T12:40:00Z"}
    )

    rows = played(simulator(engine, "11:52", "13:10"))

    assert outcomes(rows) == [
        ("12:00", "skipped"),
        ("12:20", "skipped"),
        ("12:40", "skipped"),
        ("13:00", "succeeded"),
    ]


def test_a_disabled_job_does_not_run_and_the_others_are_simulated_to_the_end(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job("off", enabled=False), job("on")])

    rows = played(simulator(engine, "11:30", "14:00"))

    assert [row["job"] for row in rows] == ["on", "on"]


def test_a_run_in_progress_is_assumed_to_succeed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("long")])
    engine.run_at("11:30")
    engine.record("12:00", begun("long"))
    lock = locks.take_job(engine.state_dir, "long")
    simulation = simulator(engine, "12:01", "13:01")

    simulation.adopt_running(["long"])
    rows = played(simulation)

    assert lock is not None
    assert outcomes(rows) == [("13:00", "succeeded")]


def test_a_run_whose_tick_died_is_found_interrupted_and_done_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("long")])
    engine.run_at("11:30")
    engine.record("12:00", begun("long"))

    rows = played(simulator(engine, "12:01", "12:30"))

    assert outcomes(rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]


def begun(name: str) -> dict[str, Any]:
    """The intent of a run for twelve o'clock, with no end."""
    run = {"event": "begin", "job": name, "run_id": "r1", "slot": "2026-11-21T12:00:00Z"}
    return run | {"attempt": 1, "catch_up": False, "missed": 0, "timeout": 300, "boot_id": "gone"}


def test_a_tick_comes_a_moment_after_its_minute_as_those_of_cron_do(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(max_lateness=1800.0)])
    outage = Outage(at("12:00"), at("12:30"))

    rows = played(simulator(engine, "11:30", "12:31", outage))

    assert outcomes(rows) == [("12:00", "skipped")]


def test_slots_missed_before_it_begins_have_the_cause_a_real_tick_would_give(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(schedule="*/10 * * * *")])
    engine.run_at("11:00")
    simulation = simulator(engine, "12:01", "12:02")

    simulation.adopt_running([])
    foreseen = [row["reason"] for row in played(simulation)]
    engine.run_at("12:01")

    assert foreseen == [row["reason"] for row in engine.rows]
    assert foreseen[0] != "no tick could start it in time"


def test_guards_and_conditions_are_assumed_to_pass(tmp_path: Path) -> None:
    guarded = job(only_if="touch options; exit 1", max_cpu_percent=0.0)
    engine = Engine(tmp_path, [guarded])

    rows = played(simulator(engine, "11:30", "12:30"))

    assert outcomes(rows) == [("12:00", "succeeded")]
    assert not (tmp_path / "options").exists()


def test_a_dead_run_of_a_job_that_is_off_is_found_as_well(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("long")])
    engine.run_at("11:30")
    engine.record("12:00", begun("long"), {"event": "enabled", "job": "long", "enabled": False})

    rows = played(simulator(engine, "12:01", "12:30"))

    assert outcomes(rows) == [("12:00", "interrupted")]


def test_slots_missed_in_an_outage_say_so_though_a_window_opens_much_later(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(window="14:05-15:00")])
    outage = Outage(at("12:30"), at("13:30"))

    *missed, _ = played(simulator(engine, "11:30", "14:10", outage))

    assert [(row["missed"], row["reason"]) for row in missed] == [
        (1, "outside its window 14:05-15:00"),
        (1, "outage"),
    ]


def test_a_retry_due_within_the_moment_of_a_tick_is_not_left_for_the_next(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=1, retry_delay=300.0)])
    engine.run_at("11:59")
    retry: dict[str, Any] = {"retry_at": "2026-11-21T12:05:00.300000Z", "answered": False}
    engine.record("12:00", end("r1", at("12:00"), "failed", **retry))

    ticks = [tick for tick, rows in simulator(engine, "12:01", "12:30").run() if rows]

    assert ticks == [at("12:05")]
