"""`starts`, `ends` and `max_runs` together with `not_on` and `move`."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Job, Move
from tests.builders.engine import Engine
from tests.builders.jobs import job


def daily(move: Move, **fields: Any) -> Job:
    return job(
        schedule="0 9 * * *",
        command="echo $SCHEDULED_SLOT >> out",
        not_on=("sat", "sun"),
        move=move,
        **fields,
    )


def days(engine: Engine) -> list[str]:
    return [line[8:10] for line in engine.lines()]


def week(engine: Engine) -> None:
    """Tick at each nine o'clock from Thursday the 19th to the next Thursday."""
    engine.run_at("2026-11-19 08:00")
    for day in range(19, 27):
        engine.run_at(f"2026-11-{day} 09:00")


@pytest.mark.parametrize(
    ("move", "expected"),
    [(Move.SKIP, ["20", "23"]), (Move.NEXT, ["20", "23"]), (Move.PREVIOUS, ["20", "23"])],
)
def test_e5_days_are_left_out_between_starts_and_ends(
    tmp_path: Path, move: Move, expected: list[str]
) -> None:
    engine = Engine(tmp_path, [daily(move, starts="2026-11-20", ends="2026-11-23")])
    week(engine)

    assert days(engine) == expected


def test_e5_a_run_that_would_be_moved_beyond_the_end_does_not_exist(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [daily(Move.NEXT, ends="2026-11-21")])
    week(engine)

    assert days(engine) == ["19", "20"]


def test_e5_left_out_days_do_not_count_for_max_runs(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [daily(Move.SKIP, max_runs=3)])
    week(engine)

    assert days(engine) == ["19", "20", "23"]
    skipped = [str(row["slot"])[8:10] for row in engine.rows if row["outcome"] == "skipped"]
    assert skipped == ["21", "22"]


def test_e5_a_finished_job_leaves_out_nothing_any_more(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [daily(Move.SKIP, max_runs=2)])
    week(engine)

    assert days(engine) == ["19", "20"]
    assert [row["outcome"] for row in engine.rows] == ["succeeded", "succeeded"]
