"""What the end of an attempt means for its slot."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduled.jobs.model import Attempt, AttemptResult, Job, OnInterrupted, Outcome
from scheduled.planning import decide, resolve
from scheduled.state.records import ActiveRun, JobMemory, Retry
from scheduled.state.resolution import Resolution
from tests.builders.jobs import at, job

NOW = at("12:10")
MEMORY = JobMemory(watermark=at("11:00"))
PERSISTENT = job(max_retries=2, retry_delay=60.0)


def test_a_success_ends_its_slot() -> None:
    resolution = resolved(attempt(PERSISTENT), ended(Outcome.SUCCEEDED), MEMORY, NOW)

    assert (resolution.answered, resolution.retry_at) == (True, None)
    assert not resolution.dead_letter


def test_a_failure_is_retried_after_a_delay_that_doubles() -> None:
    first, second = (
        resolved(attempt(PERSISTENT, attempt=number), ended(Outcome.FAILED), MEMORY, NOW)
        for number in (1, 2)
    )

    assert first.retry_at == NOW + timedelta(seconds=60)
    assert second.retry_at == NOW + timedelta(seconds=120)
    assert (first.answered, second.answered) == (False, False)
    assert not second.dead_letter


def test_a_slot_whose_retries_are_used_up_is_a_dead_letter() -> None:
    last = attempt(PERSISTENT, attempt=3)

    resolution = resolved(last, ended(Outcome.TIMED_OUT), MEMORY, NOW)

    assert (resolution.answered, resolution.retry_at) == (True, None)
    assert resolution.dead_letter


@pytest.mark.parametrize(
    ("what", "slot", "final", "is_dead"),
    [
        (job(), at("12:00"), False, True),
        (PERSISTENT, None, False, False),
        (PERSISTENT, at("12:00"), True, True),
    ],
    ids=["no retries", "started by hand", "final"],
)
def test_a_failure_that_is_not_retried(
    what: Job, slot: datetime | None, final: bool, is_dead: bool
) -> None:
    failed = ended(Outcome.FAILED, final=final)

    resolution = resolved(attempt(what, slot=slot), failed, MEMORY, NOW)

    assert (resolution.answered, resolution.retry_at) == (True, None)
    assert resolution.dead_letter is is_dead


@pytest.mark.parametrize(("slot", "is_retried"), [("12:01", False), ("12:00", True)])
def test_the_retry_of_an_older_slot_does_not_replace_that_of_a_newer_one(
    slot: str, is_retried: bool
) -> None:
    memory = MEMORY._replace(retry=Retry(at(slot), 2, at("12:30")))

    resolution = resolved(attempt(PERSISTENT), ended(Outcome.FAILED), memory, NOW)

    assert (resolution.retry_at is not None) is is_retried
    assert resolution.dead_letter is not is_retried


def test_a_failed_run_that_was_started_by_hand_leaves_a_retry_alone() -> None:
    memory = MEMORY._replace(retry=Retry(at("11:00"), 2, at("12:30")))
    by_hand = attempt(PERSISTENT, slot=None)

    assert resolved(by_hand, ended(Outcome.FAILED), memory, NOW).retry_at is None


def test_an_interrupted_run_is_repeated_twice() -> None:
    answered = [
        resolved(attempt(interruptions=number), ended(Outcome.INTERRUPTED), MEMORY, NOW).answered
        for number in range(3)
    ]

    assert answered == [False, False, True]


def test_an_interrupted_run_is_not_repeated_if_the_job_or_a_newer_slot_says_so() -> None:
    interrupted = ended(Outcome.INTERRUPTED)
    careful = attempt(job(on_interrupted=OnInterrupted.SKIP))
    newer = MEMORY._replace(succeeded_slot=at("12:05"))

    assert resolved(careful, interrupted, MEMORY, NOW).answered
    assert resolved(attempt(), interrupted, newer, NOW).answered
    assert resolved(attempt(), replace(interrupted, final=True), MEMORY, NOW).answered
    running = {1: ActiveRun("r2", at("12:05"), 1, at("12:05"), 60.0)}
    assert resolved(attempt(), interrupted, MEMORY._replace(runs=running), NOW).answered
    skipped = MEMORY._replace(watermark=at("12:05"))
    assert not resolved(attempt(), interrupted, skipped, NOW).answered


def test_a_run_whose_job_is_gone_is_given_up_like_any_other() -> None:
    runs = [ActiveRun("r1", at("12:00"), 1, at("12:00"), 60.0, interruptions=n) for n in range(3)]

    ends = [resolve.resolve(None, run, resolve.TICK_DIED, MEMORY, NOW) for run in runs]

    assert [end.answered for end in ends] == [False, False, True]


@pytest.mark.parametrize(
    "memory",
    [
        MEMORY._replace(suspended=True),
        MEMORY._replace(cancelled=""),
        MEMORY._replace(enabled=False),
        MEMORY._replace(fingerprint=decide.DISABLED_IN_CONFIG),
        MEMORY._replace(fingerprint=decide.REMOVED),
    ],
    ids=["suspended", "cancelled", "disabled", "disabled in the file", "removed"],
)
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INTERRUPTED])
def test_a7_a_slot_of_a_job_that_does_not_run_any_more_is_not_tried_again(
    memory: JobMemory, outcome: Outcome
) -> None:
    resolution = resolved(attempt(PERSISTENT), ended(outcome), memory, NOW)

    assert (resolution.answered, resolution.dead_letter, resolution.told) == (True, True, True)


def test_a_put_off_slot_stays_due_though_a_newer_one_was_skipped() -> None:
    put_off = ended(Outcome.SKIPPED, not_now=True)

    due = resolved(attempt(), put_off, MEMORY, NOW)
    passed = resolved(attempt(), put_off, MEMORY._replace(watermark=at("12:05")), NOW)

    assert (due.answered, due.retry_at) == (False, None)
    assert (passed.answered, passed.retry_at) == (False, NOW)


def test_a_stopped_run_is_interrupted_for_good() -> None:
    stopped = resolve.as_stopped(ended(Outcome.FAILED, not_now=True), "stopped by hand")

    assert (stopped.outcome, stopped.reason) == (Outcome.INTERRUPTED, "stopped by hand")
    assert stopped.error == "stopped by hand"
    assert (stopped.final, stopped.not_now) == (True, False)


def test_a_run_that_succeeded_before_it_was_stopped_stays_a_success() -> None:
    success = ended(Outcome.SUCCEEDED, result={"files": 3})

    assert resolve.as_stopped(success, "stopped by hand") is success


RETRY = Retry(at("11:00"), 2, at("12:30"))
FAILED_AGAIN: Any = {
    "event": "end",
    "job": "backup",
    "slot": "2026-11-21T12:00:00Z",
    "retry_at": "2026-11-21T12:40:00Z",
}


def test_a_new_retry_ends_that_of_another_slot() -> None:
    (event,) = resolve.replaced_retry(MEMORY._replace(retry=RETRY), FAILED_AGAIN, job())

    assert (event["event"], event["job"]) == ("given_up", "backup")
    assert event["slot"] == "2026-11-21T11:00:00Z"


@pytest.mark.parametrize(
    ("memory", "event"),
    [
        (MEMORY, FAILED_AGAIN),
        (MEMORY._replace(retry=RETRY), {**FAILED_AGAIN, "retry_at": None}),
        (MEMORY._replace(retry=RETRY), {**FAILED_AGAIN, "slot": "2026-11-21T11:00:00Z"}),
        (
            MEMORY._replace(
                retry=RETRY, runs={0: ActiveRun("r1", at("11:00"), 2, at("12:00"), 60.0)}
            ),
            FAILED_AGAIN,
        ),
    ],
    ids=["no retry", "no new retry", "its own", "it is running"],
)
def test_no_other_retry_ends(memory: JobMemory, event: Any) -> None:
    assert resolve.replaced_retry(memory, event, job()) == []


def resolved(what: Attempt, result: AttemptResult, memory: JobMemory, now: datetime) -> Resolution:
    return resolve.resolve(what.job, what, result, memory, now)


def attempt(what: Job | None = None, **fields: Any) -> Attempt:
    """The first attempt of `what` for the slot at 12:00."""
    return Attempt(**{"run_id": "r1", "job": what or job(), "slot": at("12:00"), **fields})


def ended(outcome: Outcome, **fields: Any) -> AttemptResult:
    return AttemptResult(outcome, timedelta(seconds=1), **fields)


def test_the_retry_of_a_slot_that_is_being_tried_is_not_called_off() -> None:
    retry = Retry(at("11:00"), 2, at("11:10"))
    memory = JobMemory(retry=retry, runs={0: ActiveRun("r1", at("11:00"), 2, at("12:00"), 60.0)})

    assert resolve.call_off("backup", memory, "its schedule was changed", job()) == []


def test_a_slot_that_was_put_off_and_is_called_off_is_skipped() -> None:
    retry = Retry(at("11:00"), 1, at("11:10"), outcome="", error="the disk is full")

    (event,) = resolve.call_off("backup", JobMemory(retry=retry), "its schedule was changed", job())

    assert event["event"] == "skipped"
    assert event["reason"] == "not now: the disk is full; its schedule was changed"
