"""What becomes of a slot that comes due while its job still runs: real ticks side by side."""

from pathlib import Path

import pytest

from scheduled.model import CatchUp, Job, Overlap
from tests.builders.beside import UNTIL_GO as WAIT
from tests.builders.beside import running_since_noon, ticking, wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job

LONG = 'echo $SCHEDULED_SLOT >> out; test "$SCHEDULED_SLOT" != 2026-11-21T12:00:00Z || '
UNTIL_GO = LONG + WAIT


def test_by_default_it_stays_due_and_starts_when_that_run_has_ended(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.QUEUE)])
    with running_since_noon(engine):
        report = engine.run_at("13:00")
        assert report.carried == 1
        assert engine.lines() == ["2026-11-21T12:00:00Z"]
    engine.run_at("13:01")

    assert outcomes(engine.rows) == [("12:00", "succeeded"), ("13:00", "succeeded")]


def test_skip_ends_the_slot_there_and_the_run_goes_on(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.SKIP)])
    with running_since_noon(engine):
        for when in ("13:00", "13:01"):
            engine.run_at(when)
    engine.run_at("14:00")

    assert outcomes(engine.rows) == [
        ("12:00", "succeeded"),
        ("13:00", "skipped"),
        ("14:00", "succeeded"),
    ]
    assert "still running" in str(engine.rows[1]["reason"])


def test_slots_skipped_over_hours_of_running_are_all_on_record(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.SKIP)])
    with running_since_noon(engine):
        engine.run_at("15:00")

    rows = {row["slot"]: (row["outcome"], row["missed"]) for row in engine.rows}
    assert rows == {
        "2026-11-21T12:00:00Z": ("succeeded", 0),
        "2026-11-21T14:00:00Z": ("missed", 2),
        "2026-11-21T15:00:00Z": ("skipped", 0),
    }


def test_the_slot_that_another_tick_is_running_is_not_taken_for_an_overlap(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.SKIP)])
    with running_since_noon(engine):
        engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "succeeded")]


def test_replace_stops_the_run_and_starts_the_newer_slot(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE)])
    with running_since_noon(engine, let_go=False):
        engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]
    assert "newer slot" in str(engine.rows[0]["reason"])
    assert engine.lines() == ["2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"]


@pytest.mark.slow
def test_replace_kills_a_run_that_ignores_being_told(tmp_path: Path) -> None:
    stubborn = f"trap '' TERM; {UNTIL_GO}"
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE, stubborn)])
    with running_since_noon(engine, let_go=False):
        engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]


def test_replace_stops_a_run_whose_tick_has_died(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE)])
    with running_since_noon(engine, let_go=False) as tick:
        tick.kill()
        tick.join()
        engine.run_at("12:59")
        engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]


def test_allow_starts_it_beside_the_other_and_both_are_on_record(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.ALLOW)])
    with running_since_noon(engine):
        engine.run_at("13:00")
        rows = {row["slot"]: row["outcome"] for row in engine.rows}
        assert rows == {"2026-11-21T12:00:00Z": None, "2026-11-21T13:00:00Z": "succeeded"}
    engine.run_at("13:01")

    assert outcomes(engine.rows) == [("12:00", "succeeded"), ("13:00", "succeeded")]
    assert engine.lines() == ["2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"]


def test_allow_ends_at_max_concurrent_and_the_slot_stays_due(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.ALLOW)], max_concurrent=1)
    with running_since_noon(engine):
        assert engine.run_at("13:00").carried == 1
    engine.run_at("13:01")

    assert outcomes(engine.rows) == [("12:00", "succeeded"), ("13:00", "succeeded")]


def test_a_run_beside_another_is_found_when_its_tick_has_died(tmp_path: Path) -> None:
    command = f"echo $SCHEDULED_SLOT >> out; {WAIT}"
    engine = Engine(tmp_path, [overlapping(Overlap.ALLOW, command)])
    with running_since_noon(engine), ticking(engine, "13:00") as second:
        wait_for(lambda: len(engine.lines()) == 2 and _pid_beside(engine) is not None)
        pid = _pid_beside(engine)
        second.kill()
        second.join()
        (tmp_path / "go").touch()
        wait_for(lambda: not Path(f"/proc/{pid}").exists())
        engine.run_at("13:10")

    ends = {row["slot"]: row["outcome"] for row in engine.rows}
    assert ends["2026-11-21T12:00:00Z"] == "succeeded"
    assert "beside" not in engine.state["jobs"]["backup"]


def test_with_all_slots_to_run_skip_leaves_out_only_what_overlapped(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.SKIP, catch_up=CatchUp.ALL)])
    with running_since_noon(engine):
        engine.run_at("13:00")
    engine.run_at("15:10")

    assert [row["outcome"] for row in engine.rows] == [
        "succeeded",
        "skipped",
        "succeeded",
        "succeeded",
    ]


def overlapping(policy: Overlap, command: str = UNTIL_GO, **fields: CatchUp) -> Job:
    return job(command=command, overlap=policy, timeout=7200.0, **fields)


def _pid_beside(engine: Engine) -> int | None:
    """The process of the run beside the first, once that is on record."""
    beside = engine.state["jobs"]["backup"].get("beside", {})
    return next((run.get("pid") for run in beside.values()), None)
