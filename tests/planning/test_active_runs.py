"""What the runs in progress mean for the slots of their job."""

import pytest

from scheduled.jobs.model import Job, Overlap
from scheduled.planning import active_runs
from scheduled.planning.decision import Decision, Verdict
from scheduled.state.records import ActiveRun, Deferral, JobMemory, Retry
from tests.builders.jobs import at, job
from tests.builders.memories import registered

RUN = ActiveRun("r1", at("12:00"), 1, at("12:01"), 60.0)
RUNNING = JobMemory(watermark=at("11:00"), runs={0: RUN}, coalesced=2)
NOW = at("13:00")
PARALLEL = job(overlap=Overlap.ALLOW)


def test_the_newest_claimed_slot_has_ended_or_runs_or_waits_for_a_retry() -> None:
    opened = ActiveRun("r1", at("12:00"), 1, at("12:00"), 60.0)
    retry = Retry(at("10:00"), 2, at("13:00"))

    running = registered("11:00")._replace(runs={0: opened})
    retrying = registered("09:00")._replace(retry=retry)

    assert active_runs.newest_claimed(JobMemory(), NOW) is None
    assert active_runs.newest_claimed(registered("11:00"), NOW) == at("11:00")
    assert active_runs.newest_claimed(running, NOW) == at("12:00")
    assert active_runs.newest_claimed(retrying, NOW) == at("10:00")


def test_a_slot_to_come_that_a_wrong_clock_claimed_is_not_the_newest_one() -> None:
    ahead = Retry(at("10:00"), 2, at("09:30"), is_ahead=True)
    waiting = registered("09:00")._replace(retry=ahead)
    running = registered("09:00")._replace(runs={0: RUN._replace(is_ahead=True)})

    assert active_runs.newest_claimed(waiting, at("09:30")) == at("09:00")
    assert active_runs.newest_claimed(waiting, at("10:00")) == at("10:00")
    assert active_runs.newest_claimed(running, NOW) == at("09:00")


def test_the_next_run_counts_from_the_newest_slot_in_progress() -> None:
    memory = active_runs.without_active_runs(PARALLEL, RUNNING)

    assert memory.watermark == at("12:00")
    assert memory.coalesced == 0


def test_a_slot_of_a_clock_that_was_ahead_moves_no_watermark() -> None:
    ahead = RUN._replace(slot=at("2026-11-23T12:00"))

    memory = active_runs.without_active_runs(PARALLEL, RUNNING._replace(runs={0: ahead}))

    assert memory.watermark == at("11:00")


@pytest.mark.parametrize("what", [job(), PARALLEL])
def test_a_job_whose_slots_queue_or_that_does_not_run_is_seen_as_it_is(what: Job) -> None:
    memory = RUNNING if what.overlap is Overlap.QUEUE else RUNNING._replace(runs={})

    assert active_runs.without_active_runs(what, memory) == memory


@pytest.mark.parametrize(("slot", "is_kept"), [("12:00", False), ("11:30", True)])
def test_a_retry_in_progress_is_not_started_again(slot: str, is_kept: bool) -> None:
    retry = Retry(at(slot), 2, at("12:00"))

    memory = active_runs.without_active_runs(PARALLEL, RUNNING._replace(retry=retry))

    assert memory.retry == (retry if is_kept else None)


@pytest.mark.parametrize(("until", "is_kept"), [("12:00", False), ("12:01", True)])
def test_a_deferral_in_progress_is_not_started_again(until: str, is_kept: bool) -> None:
    deferral = Deferral(at(until))

    memory = active_runs.without_active_runs(PARALLEL, RUNNING._replace(deferral=deferral))

    assert memory.deferral == (deferral if is_kept else None)


def test_a_deferral_stays_while_a_run_by_hand_is_all_there_is() -> None:
    deferral = Deferral(at("12:00"))
    by_hand = RUN._replace(slot=None)
    memory = JobMemory(runs={0: by_hand}, deferral=deferral)

    assert active_runs.without_active_runs(PARALLEL, memory).deferral == deferral


@pytest.mark.parametrize(
    ("slot", "expected"), [("12:02", True), ("12:01", False), ("12:00", False), (None, False)]
)
def test_a_run_overlaps_with_slots_that_come_after_its_start(
    slot: str | None, expected: bool
) -> None:
    decision = Decision(job(), Verdict.RUN, at(slot) if slot else None)

    assert active_runs.overlaps(decision, RUN) is expected


def test_a_slot_comes_due_when_its_jitter_has_passed() -> None:
    late = job(jitter=600.0, seed="machine backup")  # 481 s

    assert active_runs.overlaps(Decision(late, Verdict.RUN, at("11:53")), RUN)
    assert not active_runs.overlaps(Decision(late, Verdict.RUN, at("11:52")), RUN)
