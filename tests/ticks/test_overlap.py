"""What becomes of a slot that comes due while its job still runs: real ticks side by side."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.jobs.model import CatchUp, Job, Overlap
from scheduled.runs import stop
from scheduled.system import locks
from scheduled.system.locks import Lock
from scheduled.ticks import claim
from tests.builders.beside import UNTIL_GO as WAIT
from tests.builders.beside import running_since_noon, ticking, wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.events import end
from tests.builders.jobs import job
from tests.builders.killed import wait_for_the_end_of

LONG = 'echo $SCHEDULED_SLOT >> out; test "$SCHEDULED_SLOT" != 2026-11-21T12:00:00Z || '
UNTIL_GO = LONG + WAIT
EACH = "echo $SCHEDULED_SLOT >> out; while [ ! -e $SCHEDULED_SLOT ]; do sleep 0.02; done"
NOON = "2026-11-21T12:00:00Z"
ONE = "2026-11-21T13:00:00Z"


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
    with running_since_noon(engine, finish=False):
        engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]
    assert "newer slot" in str(engine.rows[0]["reason"])
    assert engine.lines() == ["2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"]


def test_replace_waits_for_the_lock_of_a_run_that_has_just_ended(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE)])
    engine.run_at("11:30")
    lock = replaced_at_noon(engine)
    release = threading.Timer(0.3, lock.release)
    release.start()

    engine.run_at("13:00")
    release.join()

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]


def test_replace_leaves_the_slot_to_a_later_tick_where_the_lock_stays_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop, "PATIENCE", timedelta(seconds=0.1))
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE)])
    engine.run_at("11:30")
    lock = replaced_at_noon(engine)

    report = engine.run_at("13:00")
    lock.release()

    assert (report.carried, outcomes(engine.rows)) == (1, [("12:00", "interrupted")])


@pytest.mark.slow
def test_replace_kills_a_run_that_ignores_being_told(tmp_path: Path) -> None:
    stubborn = f"trap '' TERM; {UNTIL_GO}"
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE, stubborn)])
    with running_since_noon(engine, finish=False):
        engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]


def test_replace_stops_a_run_whose_tick_has_died(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.REPLACE)])
    with running_since_noon(engine, finish=False) as tick:
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


@pytest.mark.slow
def test_many_ticks_at_once_start_each_slot_once_beside_the_others(tmp_path: Path) -> None:
    each = job(
        schedule="* * * * *",
        command="echo $SCHEDULED_SLOT >> out; sleep 0.05",
        overlap=Overlap.ALLOW,
        catch_up=CatchUp.ALL,
    )
    engine = Engine(tmp_path, [each], max_concurrent=8, catch_up_budget=100)
    engine.run_at("11:30")
    with ExitStack() as ticks:
        for _ in range(6):
            ticks.enter_context(ticking(engine, "12:30"))

    assert len(engine.lines()) == len(set(engine.lines())) == 60


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
        second.kill()
        second.join()
        (tmp_path / "go").touch()
        wait_for_the_end_of(engine.state["jobs"]["backup"]["beside"]["1"]["keeper"])
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


@pytest.mark.parametrize("policy", list(Overlap))
def test_a_deferral_that_is_running_does_not_start_again_beside_itself(
    tmp_path: Path, policy: Overlap
) -> None:
    daily = job(schedule="0 0 * * *", command=UNTIL_GO, overlap=policy, timeout=20.0)
    engine = Engine(tmp_path, [daily])
    engine.record("11:40", {"event": "deferral", "job": "backup", "until": NOON, "reason": ""})
    with running_since_noon(engine):
        engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "succeeded")]


@pytest.mark.parametrize("policy", list(Overlap))
def test_a_retry_that_is_running_does_not_start_again_beside_itself(
    tmp_path: Path, policy: Overlap
) -> None:
    again = f"echo $SCHEDULED_ATTEMPT >> out; test $SCHEDULED_ATTEMPT != 1 || exit 1; {WAIT}"
    flaky = job(command=again, overlap=policy, timeout=20.0, max_retries=2, retry_delay=120.0)
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00"):
        engine.run_at(when)
    with ticking(engine, "12:03"):
        wait_for(lambda: len(engine.lines()) == 2)
        engine.run_at("12:04")
        (tmp_path / "go").touch()

    assert outcomes(engine.rows) == [("12:00", "failed"), ("12:00", "succeeded")]


@pytest.mark.parametrize("policy", [Overlap.SKIP, Overlap.REPLACE])
def test_slots_that_waited_before_the_run_began_did_not_overlap_it(
    tmp_path: Path, policy: Overlap
) -> None:
    engine = Engine(tmp_path, [overlapping(policy, catch_up=CatchUp.ALL)])
    engine.run_at("11:30")
    with ticking(engine, "14:00"):
        wait_for(lambda: engine.lines() != [])
        engine.run_at("14:01")
        (tmp_path / "go").touch()

    assert outcomes(engine.rows) == [
        ("12:00", "succeeded"),
        ("13:00", "succeeded"),
        ("14:00", "succeeded"),
    ]


def test_a_run_beside_another_counts_also_when_that_is_allowed_no_longer(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=EACH, overlap=Overlap.ALLOW, timeout=20.0)])
    engine.run_at("11:30")
    with two_runs(engine) as finish:
        finish(NOON)
        engine.jobs = (job(command=EACH, timeout=20.0),)
        assert engine.run_at("13:01").carried == 1
        finish(ONE)

    assert outcomes(engine.rows) == [("12:00", "succeeded"), ("13:00", "succeeded")]


def test_not_now_ends_a_slot_that_a_newer_one_has_passed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.ALLOW, f"{LONG} {{ {WAIT}; exit 75; }}")])
    with running_since_noon(engine):
        engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "skipped"), ("13:00", "succeeded")]
    assert "not now: exit code 75; a newer slot" in str(engine.rows[0]["reason"])


def test_an_interruption_is_the_end_of_a_slot_that_a_newer_one_has_passed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [overlapping(Overlap.ALLOW)])
    with running_since_noon(engine) as tick:
        engine.run_at("13:00")
        tick.terminate()
        tick.join(30)

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]
    end = next(event for event in engine.events if event.get("outcome") == "interrupted")
    assert end["answered"]


def test_the_success_of_a_newer_slot_beside_it_leaves_a_slot_its_retry(tmp_path: Path) -> None:
    flaky = f"{EACH}; test $SCHEDULED_SLOT = {ONE} -o $SCHEDULED_ATTEMPT = 2"
    engine = Engine(tmp_path, [retrying(flaky)])
    engine.run_at("11:30")
    with two_runs(engine) as finish:
        finish(NOON)
        finish(ONE)
    engine.run_at("13:20")

    ends = sorted(outcomes(engine.rows))
    assert ends == [("12:00", "failed"), ("12:00", "succeeded"), ("13:00", "succeeded")]


def test_the_retry_of_an_older_slot_is_cancelled_on_record_for_that_of_a_newer(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [retrying(f"{EACH}; exit 1")])
    engine.run_at("11:30")
    with two_runs(engine) as finish:
        finish(NOON)
        finish(ONE)

    given_up = [event["slot"] for event in engine.events if event["event"] == "given_up"]
    assert given_up == [NOON]
    assert engine.state["jobs"]["backup"]["retry"]["slot"] == ONE
    assert [letter["slot"] for letter in engine.state["dead_letter"]] == [NOON]


def retrying(command: str) -> Job:
    """It may run beside itself, and each slot that failed is tried again after ten minutes."""
    return job(
        command=command,
        overlap=Overlap.ALLOW,
        timeout=7200.0,
        max_retries=2,
        retry_delay=600.0,
    )


def replaced_at_noon(engine: Engine) -> Lock:
    """Record that the run of 12:00 was stopped for a newer slot; return its lock, still held."""
    stopped = end("interrupted", job=engine.jobs[0].id, reason=claim.REPLACED)
    engine.record("12:59", stopped)
    lock = locks.take_job(engine.state_dir, engine.jobs[0].id)
    assert lock is not None
    return lock


@contextmanager
def two_runs(engine: Engine) -> Iterator[Callable[[str], None]]:
    """The runs of 12:00 and 13:00 under way; what is yielded lets one go and waits for its end."""
    with ticking(engine, "12:00") as first:
        wait_for(lambda: len(engine.lines()) == 1)
        with ticking(engine, "13:00") as second:
            wait_for(lambda: len(engine.lines()) == 2)

            def finish(slot: str) -> None:
                (engine.folder / slot).touch()
                (first if slot == NOON else second).join(30)

            yield finish


def overlapping(policy: Overlap, command: str = UNTIL_GO, **fields: CatchUp) -> Job:
    return job(command=command, overlap=policy, timeout=7200.0, **fields)


def _pid_beside(engine: Engine) -> int | None:
    """The process of the run beside the first, once that is on record."""
    beside = engine.state["jobs"]["backup"].get("beside", {})
    return next((run.get("pid") for run in beside.values()), None)
