"""`after`: a job waits until those it builds on have succeeded for the same slot."""

from pathlib import Path

import pytest

from scheduled.config import conflicts
from scheduled.planning import decide
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job

NOTE = "echo $SCHEDULED_JOB ${SCHEDULED_SLOT#*T} >> out"


def test_it_starts_in_the_same_tick_once_the_other_has_succeeded(tmp_path: Path) -> None:
    jobs = [job("a", command=NOTE, after=("b",)), job("b", command=f"sleep 0.2; {NOTE}")]
    engine = Engine(tmp_path, jobs)
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert [line.split()[0] for line in engine.lines()] == ["b", "a"]


def test_it_starts_in_the_tick_in_which_a_short_retry_of_the_other_succeeds(
    tmp_path: Path,
) -> None:
    base = job("base", command="test $SCHEDULED_ATTEMPT = 2", max_retries=1, retry_delay=0.1)
    engine = Engine(tmp_path, [base, job("upon", command=NOTE, after=("base",))])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert engine.lines() == ["upon 12:00:00Z"]
    assert report.not_started == []


def test_it_waits_while_the_other_fails_and_starts_when_that_has_succeeded(tmp_path: Path) -> None:
    base = job("base", command="test -f ready", max_retries=5, retry_delay=120.0)
    engine = Engine(tmp_path, [base, job("upon", command=NOTE, after=("base",))])
    engine.run_at("11:30")
    report = engine.run_at("12:00")
    assert report.not_started == [("upon", "waits for base to succeed")]
    (tmp_path / "ready").touch()

    engine.run_at("12:03")

    assert engine.lines() == ["upon 12:00:00Z"]


def test_a_slot_it_could_not_run_for_is_coalesced_into_the_next(tmp_path: Path) -> None:
    base = job("base", command="test $SCHEDULED_SLOT = 2026-11-21T13:00:00Z")
    engine = Engine(tmp_path, [base, job("upon", command=NOTE, after=("base",))])
    for when in ("11:30", "12:00", "12:30", "13:00"):
        engine.run_at(when)

    rows = [row for row in engine.rows if row["job"] == "upon"]
    assert outcomes(rows) == [("12:00", "missed"), ("13:00", "succeeded")]


def test_of_another_schedule_the_newest_slot_before_its_own_counts(tmp_path: Path) -> None:
    nightly = job("nightly", schedule="0 2 * * *", command=NOTE)
    report = job("report", schedule="0 3 * * *", command=NOTE, after=("nightly",))
    engine = Engine(tmp_path, [nightly, report])
    for when in ("01:00", "02:00", "03:00"):
        engine.run_at(when)

    assert engine.lines() == ["nightly 02:00:00Z", "report 03:00:00Z"]


@pytest.mark.parametrize(
    ("succeeded", "expected"),
    [(None, "b"), ("11:00", "b"), ("12:00", None), ("13:00", None)],
)
def test_it_waits_for_a_success_of_its_own_slot_or_a_newer_one(
    succeeded: str | None, expected: str | None
) -> None:
    memory = JobMemory(succeeded_slot=at(succeeded) if succeeded else None)
    now = SlotCache.at(at("13:30"))

    found = decide.blocker(
        job("a", after=("b",)), at("12:00"), {"b": job("b")}, {"b": memory}.__getitem__, now
    )

    assert found == expected


def test_it_waits_for_a_job_that_is_gone_and_not_for_one_without_a_slot() -> None:
    now, none = SlotCache.at(at("13:30")), JobMemory()
    new = job("b", schedule="at:2026-12-01")

    gone = decide.blocker(job("a", after=("b",)), at("12:00"), {}, lambda _: none, now)
    not_yet = decide.blocker(job("a", after=("b",)), at("12:00"), {"b": new}, lambda _: none, now)

    assert (gone, not_yet) == ("b", None)


def test_by_hand_it_waits_for_nobody(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("a", command=NOTE, after=("b",)), job("b", command="exit 1")])
    engine.run_at("11:30")

    engine.run_at("12:00", only=("a",), by_hand=True)

    assert len(engine.lines()) == 1


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        ({"a": ("b",), "b": ()}, {}),
        ({"a": ("a",)}, {"a": "a waits for a"}),
        (
            {"a": ("b",), "b": ("a",), "c": ("a",)},
            {"a": "a waits for b waits for a", "b": "b waits"},
        ),
        ({"backup": (), "b": ("bakup",)}, {"b": 'no job is called "bakup"; did you mean backup?'}),
    ],
)
def test_names_nobody_has_and_circles_are_found(
    ways: dict[str, tuple[str, ...]], said: dict[str, str]
) -> None:
    found = conflicts.dependency_problems([job(name, after=after) for name, after in ways.items()])

    assert set(found) == set(said)
    assert all(said[name] in found[name] for name in said)
