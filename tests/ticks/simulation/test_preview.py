"""`run --dry-run`: what keeps a slot that is due from starting is said."""

from pathlib import Path

import pytest

from scheduled.jobs.model import Overlap
from scheduled.planning.decision import Verdict
from scheduled.system import locks
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.simulation import preview
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import begin


def previewed(engine: Engine, when: str) -> dict[str, tuple[Verdict, str]]:
    decisions = preview.decisions(engine.config, at(when), RunRequest())
    return {each.job.id: (each.verdict, each.reason) for each in decisions}


@pytest.mark.parametrize(
    ("overlap", "when", "verdict"),
    [
        (Overlap.QUEUE, "12:05", Verdict.WAIT),
        (Overlap.QUEUE, "13:00", Verdict.WAIT),
        (Overlap.ALLOW, "12:05", Verdict.NOT_DUE),
        (Overlap.ALLOW, "13:00", Verdict.RUN),
    ],
)
def test_a_run_in_progress_is_not_started_again(
    tmp_path: Path, overlap: Overlap, when: str, verdict: Verdict
) -> None:
    engine = Engine(tmp_path, [job(overlap=overlap)])
    engine.run_at("11:30")
    engine.record("12:00", begin("r1", at("12:00")))
    lock = locks.take_job(engine.state_dir, "backup")
    assert lock is not None

    assert previewed(engine, when)["backup"][0] is verdict
    lock.release()


def test_a_run_whose_tick_has_died_is_not_in_progress(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", begin("r1", at("12:00")))

    assert previewed(engine, "12:05")["backup"][0] is Verdict.RUN


def test_a_job_waits_for_another_or_starts_after_it_in_the_same_tick(tmp_path: Path) -> None:
    base = job("base", command="exit 3")
    upon = job("upon", after=("base",))
    engine = Engine(tmp_path, [base, upon])
    engine.run_at("11:30")
    assert previewed(engine, "12:00")["upon"] == (Verdict.RUN, "once base has succeeded")

    engine.run_at("12:00")

    assert previewed(engine, "12:01")["upon"] == (Verdict.WAIT, "waits for base to succeed")
