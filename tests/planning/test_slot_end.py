"""The table of ends: every combination is enumerated."""

import itertools
from datetime import timedelta

import pytest

from scheduled.jobs.model import AttemptResult, Job, OnInterrupted, Outcome
from scheduled.planning import slot_end
from scheduled.planning.slot_end import Attempts, Ending, Rule, Then
from tests.builders.jobs import job

CASES = [*itertools.product(Ending, Attempts)]
FAILURES = (Ending.FAILED, Ending.TIMED_OUT, Ending.FINAL)
KEEPS_TRYING = {
    (Ending.FAILED, Attempts.LEFT): Then.RETRY,
    (Ending.TIMED_OUT, Attempts.LEFT): Then.RETRY,
    (Ending.INTERRUPTED, Attempts.LEFT): Then.RERUN,
    (Ending.PUT_OFF, Attempts.LEFT): Then.STAYS_DUE,
    (Ending.PUT_OFF, Attempts.USED_UP): Then.STAYS_DUE,
    (Ending.PUT_OFF, Attempts.BY_HAND): Then.STAYS_DUE,
}
"""All cases in which a slot is not done with; a run by hand that says "not now" has none."""


def test_the_table_has_every_case() -> None:
    assert set(slot_end.TABLE) == set(CASES)


@pytest.mark.parametrize(("ending", "attempts"), CASES)
def test_what_becomes_of_the_slot(ending: Ending, attempts: Attempts) -> None:
    assert slot_end.rule(ending, attempts).then is KEEPS_TRYING.get((ending, attempts), Then.DONE)


@pytest.mark.parametrize(("ending", "attempts"), CASES)
def test_a7_a_slot_that_failed_or_was_interrupted_for_good_is_a_dead_letter(
    ending: Ending, attempts: Attempts
) -> None:
    failed = ending in (*FAILURES, Ending.INTERRUPTED, Ending.CALLED_OFF)
    is_tried_again = (ending, attempts) in KEEPS_TRYING
    rule = slot_end.rule(ending, attempts)

    assert rule.dead_letter is (failed and not is_tried_again and attempts is not Attempts.BY_HAND)


@pytest.mark.parametrize(("ending", "attempts"), CASES)
def test_b3_a_person_is_told_of_a_failure_once_it_is_settled(
    ending: Ending, attempts: Attempts
) -> None:
    rule = slot_end.rule(ending, attempts)
    by_hand = ending in FAILURES and attempts is Attempts.BY_HAND

    assert rule.told is (rule.dead_letter or by_hand)
    assert not (rule.told and rule.then is not Then.DONE)


@pytest.mark.parametrize(("ending", "attempts"), CASES)
def test_b1_an_outcome_is_recorded_unless_the_slot_stays_due(
    ending: Ending, attempts: Attempts
) -> None:
    outcome = slot_end.recorded_outcome(ending, attempts)
    stands = ending is Ending.CALLED_OFF or slot_end.rule(ending, attempts).then is Then.STAYS_DUE

    assert (outcome is None) is stands


@pytest.mark.parametrize(
    ("then", "number"),
    [(Then.DONE, 1), (Then.STAYS_DUE, 3), (Then.RETRY, 4), (Then.RERUN, 4)],
)
def test_h3_the_number_of_the_next_attempt(then: Then, number: int) -> None:
    assert Rule(then).next_attempt(3) == number


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("not_now", [False, True])
@pytest.mark.parametrize("outcome", Outcome)
def test_the_ending_of_a_result(outcome: Outcome, *, final: bool, not_now: bool) -> None:
    result = AttemptResult(outcome, timedelta(0), final=final, not_now=not_now)

    ending = slot_end.ending_of(result)

    if not_now:
        assert ending is Ending.PUT_OFF
    else:
        assert slot_end.recorded_outcome(ending, Attempts.USED_UP) is outcome
        assert (ending in (Ending.FINAL, Ending.STOPPED)) is (
            final and outcome in (Outcome.FAILED, Outcome.INTERRUPTED)
        )


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.TIMED_OUT])
@pytest.mark.parametrize("interruptions", range(3))
@pytest.mark.parametrize("retries", range(4))
def test_h3_interruptions_use_up_no_retries(
    ending: Ending, interruptions: int, retries: int
) -> None:
    persistent = job(max_retries=retries)
    attempts = range(1 + interruptions, 6 + interruptions)

    left = [
        slot_end.attempts_left(ending, persistent, attempt, interruptions) is Attempts.LEFT
        for attempt in attempts
    ]

    assert left.count(True) == retries


@pytest.mark.parametrize(
    ("configured", "reruns"),
    [
        (job(), slot_end.RERUNS),
        (job(max_retries=3), slot_end.RERUNS),
        (job(on_interrupted=OnInterrupted.SKIP), 0),
        (None, slot_end.RERUNS),
    ],
)
def test_a5_an_interrupted_slot_is_rerun_at_most_so_often(
    configured: Job | None, reruns: int
) -> None:
    left = [
        slot_end.attempts_left(Ending.INTERRUPTED, configured, 1 + number, number)
        for number in range(5)
    ]

    assert left == [Attempts.LEFT] * reruns + [Attempts.USED_UP] * (5 - reruns)


@pytest.mark.parametrize("after", [None, 1, 3])
@pytest.mark.parametrize(("ending", "attempts"), CASES)
def test_a7_only_dead_letters_suspend_and_only_if_the_job_says_so(
    ending: Ending, attempts: Attempts, after: int | None
) -> None:
    rule = slot_end.rule(ending, attempts)

    suspending = [slot_end.suspends(job(suspend_after=after), rule, row) for row in range(4)]

    expected = [after is not None and row + 1 >= after for row in range(4)]
    assert suspending == [rule.dead_letter and is_enough for is_enough in expected]


def test_a_put_off_run_uses_up_no_attempt() -> None:
    assert slot_end.attempts_left(Ending.PUT_OFF, job(), 9, 0) is Attempts.LEFT
    assert not slot_end.suspends(None, slot_end.rule(Ending.FINAL, Attempts.LEFT), 9)
