"""What counts as slow, and what does not."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.views import slow_jobs, status
from scheduled.views.snapshot import Snapshot
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import Event, begin, end, snapshot


def ran(*durations: float) -> tuple[Event, ...]:
    """Runs that succeeded, a minute apart, and took so many seconds."""
    started = [at("09:00") + timedelta(minutes=number) for number in range(len(durations))]
    return tuple(
        end(f"r{number}", slot, duration_seconds=seconds)
        for number, (slot, seconds) in enumerate(zip(started, durations, strict=True))
    )


def running(since: str, *durations: float) -> Snapshot:
    events = (*ran(*durations), begin("now", at(since)))
    return snapshot(job(), events=events, running=frozenset({"backup"}))


def test_a_run_that_lasts_far_longer_than_usual_is_slow() -> None:
    shown = running("11:57", 40, 50, 60, 55, 45)

    assert [*slow_jobs.slow(shown)] == ["backup has been running for 3 min, usually 50.00 s"]
    assert status.document(shown)["health"] == "degraded"


@pytest.mark.parametrize(
    ("since", "durations"),
    [
        ("11:58", (60, 60, 60, 60, 60)),  # twice as long
        ("11:30", (60, 60, 60, 60)),  # too few to tell
        ("11:59:51", (1, 1, 1, 1, 1)),  # nobody minds nine seconds
    ],
)
def test_a_run_that_may_still_be_as_usual_is_not_slow(
    since: str, durations: tuple[float, ...]
) -> None:
    assert [*slow_jobs.slow(running(since, *durations))] == []


def test_three_slow_runs_in_a_row_make_a_slow_job() -> None:
    shown = snapshot(job(), events=ran(60, 70, 65, 60, 60, 200, 600, 300))

    assert [*slow_jobs.slow(shown)] == [
        "backup has become slow: its last 3 runs took 3 min or more, usually 1 min"
    ]


@pytest.mark.parametrize(
    "durations",
    [
        (60, 60, 60, 60, 60, 900, 60, 900),  # not in a row
        (60, 60, 60, 60, 300, 300, 300),  # too few before
        (0.1, 0.1, 0.1, 0.1, 0.1, 4, 4, 4),  # forty times as long, and nobody minds
        (),
    ],
)
def test_a_job_that_was_slow_now_and_then_is_not_slow(durations: tuple[float, ...]) -> None:
    assert [*slow_jobs.slow(snapshot(job(), events=ran(*durations)))] == []


def test_a_job_that_stays_slow_is_as_usual_in_the_end() -> None:
    assert [*slow_jobs.slow(snapshot(job(), events=ran(*[1] * 9, *[100] * 12)))] == []


def test_runs_that_failed_say_nothing_about_the_pace() -> None:
    failed = tuple(
        end(f"f{number}", at("10:00"), "failed", duration_seconds=900) for number in range(3)
    )

    assert [*slow_jobs.slow(snapshot(job(), events=ran(60, 60, 60, 60, 60) + failed))] == []


def test_a_tick_remembers_how_long_its_runs_took(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    for when in ("11:30", "12:00", "13:00"):
        engine.run_at(when)

    assert engine.state["jobs"]["backup"]["durations"] == [
        row["duration_seconds"] for row in engine.rows
    ]
