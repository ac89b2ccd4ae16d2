"""What a clock that was set back a little has shown is done with, for the jobs it was shown to."""

from pathlib import Path

from scheduled.jobs.model import Job
from tests.builders.engine import Engine
from tests.builders.jobs import job

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"


def _missed_after_the_clock_was_set_back(engine: Engine, first: Job, edited: Job) -> list[str]:
    """Set the clock back by 40 minutes, then have a job, then edit it; return what was missed."""
    engine.run_at("12:00:05")
    engine.jobs = (first,)
    engine.run_at("11:21:35")
    engine.jobs = (edited,)
    for when in ("11:21:55", "11:22:15", "11:23:15"):
        engine.run_at(when)
    return [str(row["slot"]) for row in engine.rows if row["outcome"] == "missed"]


def test_a_job_that_is_new_after_the_clock_was_set_back_and_edited_then_loses_no_slot(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [])
    hourly, minutely = job(command=NOTE), job(command=NOTE, schedule="* * * * *")

    missed = _missed_after_the_clock_was_set_back(engine, hourly, minutely)

    assert missed == []
    assert engine.lines() == ["2026-11-21T11:22:00Z 0 0", "2026-11-21T11:23:00Z 0 0"]


def test_a_job_that_was_off_when_the_clock_was_set_back_owes_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("10:30")
    engine.jobs = (job(command=NOTE, enabled=False),)
    engine.run_at("10:31")
    off = job(command=NOTE, enabled=False, schedule="* * * * *")

    missed = _missed_after_the_clock_was_set_back(
        engine, off, job(command=NOTE, schedule="* * * * *")
    )

    assert missed == ["2026-11-21T11:00:00Z"]  # it passed while the job was off
    assert engine.lines() == ["2026-11-21T11:22:00Z 0 0", "2026-11-21T11:23:00Z 0 0"]


def test_a_job_whose_slot_the_clock_had_shown_owes_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 75")])
    engine.run_at("11:30")
    hourly, minutely = job(command="exit 75"), job(command=NOTE, schedule="* * * * *")

    assert _missed_after_the_clock_was_set_back(engine, hourly, minutely) == [
        "2026-11-21T12:00:00Z"
    ]


def _missed_of_one_that_waits_and_is_removed(engine: Engine, *after: str) -> list[str]:
    """Let a job wait for its window from 12:00 on, and remove it after 12:30."""
    waits = job(command=NOTE, schedule="*/15 * * * *", window="18:00-19:00")
    engine.jobs = (waits,)
    for when in ("12:00:05", "12:30:05"):
        engine.run_at(when)
    engine.jobs = ()
    for when in after:
        engine.run_at(when)
    assert engine.lines() == []
    return [str(row["slot"]) for row in engine.rows if row["outcome"] == "missed"]


def test_slots_of_a_removed_job_are_on_record_as_missed_also_if_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    plainly, set_back = (Engine(tmp_path / name, []) for name in ("plainly", "set-back"))

    missed = _missed_of_one_that_waits_and_is_removed(plainly, "12:31:05")

    assert missed == ["2026-11-21T12:30:00Z"]
    assert missed == _missed_of_one_that_waits_and_is_removed(set_back, "11:50:05", "12:31:05")
