"""Meeting jobs again: no edit of the configuration fires by itself."""

from pathlib import Path

from tests.builders.engine import Engine
from tests.builders.jobs import job

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"


def test_a_job_enabled_again_in_the_configuration_does_not_fire_for_what_passed(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.jobs = (job(command=NOTE, enabled=False),)
    for when in ("10:00", "11:00"):
        engine.run_at(when)
    engine.jobs = (job(command=NOTE),)

    for when in ("11:30", "11:31", "12:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 0 0"]
