"""`run --dry-run`: what keeps a slot that is due from starting is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduled.jobs.model import Attempt, Overlap
from scheduled.planning.decision import Verdict
from scheduled.state import events
from scheduled.system import locks, machine
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.simulation import preview
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import begin


def previewed(
    engine: Engine, when: str, request: RunRequest | None = None
) -> dict[str, tuple[Verdict, str]]:
    decisions = preview.decisions(engine.config, at(when), request or RunRequest())
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


def test_a_job_waits_for_the_one_that_has_its_mutex_or_starts_after_it(tmp_path: Path) -> None:
    jobs = [job("a", mutex=("x", "z")), job("b", mutex=("x", "y")), job("c", mutex=("y", "z"))]
    engine = Engine(tmp_path, [job("holder", schedule="0 9 * * *", mutex=("y",)), *jobs])
    engine.run_at("11:30")

    assert previewed(engine, "12:00") == {
        "holder": (Verdict.NOT_DUE, "not due"),
        "a": (Verdict.RUN, ""),
        "b": (Verdict.RUN, "once a has ended (mutex x)"),
        "c": (Verdict.RUN, "once b and a have ended (mutex y, z)"),
    }

    held = "waits for the mutex y, which holder has"
    with running_by_hand(engine, "holder"):
        for request in (RunRequest(), RunRequest(by_hand=True)):
            assert previewed(engine, "12:00", request) | {"holder": ()} == {
                "holder": (),
                "a": (Verdict.RUN, ""),
                "b": (Verdict.WAIT, held),
                "c": (Verdict.WAIT, held),
            }


def test_with_force_it_says_what_runs_by_hand_and_what_does_not(tmp_path: Path) -> None:
    jobs = [job("due"), job("idle", schedule="0 9 * * *"), job("busy", schedule="0 9 * * *")]
    engine = Engine(tmp_path, [*jobs, job("off", enabled=False)])
    engine.run_at("11:30")

    with running_by_hand(engine, "busy"):
        assert previewed(engine, "12:00", RunRequest(by_hand=True)) == {
            "due": (Verdict.RUN, ""),
            "idle": (Verdict.RUN, "by hand"),
            "busy": (Verdict.WAIT, "still running"),
            "off": (Verdict.DISABLED, "disabled"),
        }


@contextmanager
def running_by_hand(engine: Engine, name: str) -> Iterator[None]:
    """Have a job in progress, as if a tick had started it."""
    configured = next(each for each in engine.jobs if each.id == name)
    attempt = Attempt("r1", configured, None)
    engine.record("11:40", events.run_started(attempt, machine.boot_id()))
    lock = locks.take_job(engine.state_dir, name)
    assert lock is not None
    yield
    lock.release()
