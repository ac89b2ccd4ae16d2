"""What follows from the end of an attempt, or of a slot: one table of all cases (pure).

Claims, recovery, the dispatcher and the views ask it. Nothing else decides whether a slot is done
with, when it has another attempt, whether it is a dead letter, and whether somebody is told.
"""

from collections.abc import Mapping
from enum import StrEnum

from scheduled.jobs.model import AttemptResult, Job, OnInterrupted, Outcome
from scheduled.quick_classes import NamedTuple

RERUNS = 2
"""How often an interrupted slot is run again."""


class Ending(StrEnum):
    """How an attempt came to its end, or a slot without one."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    FINAL = "failed, and a retry cannot help"  # the action said so, or its code is wrong
    INTERRUPTED = "interrupted"  # its tick died, or was told to stop
    STOPPED = "told to stop"  # by a person, or for a newer slot
    PUT_OFF = "put off"  # a guard or the action itself said "not now"
    SKIPPED = "skipped"
    MISSED = "missed"
    CALLED_OFF = "its next attempt was called off"


class Attempts(StrEnum):
    """Whether the slot may have another attempt."""

    LEFT = "left"
    USED_UP = "used up"  # also where none are allowed, or the job does not run any more
    SUPERSEDED = "superseded"  # a newer slot waits for its retry; a job has one at a time
    BY_HAND = "by hand"  # there is no slot


class Then(StrEnum):
    """What becomes of the slot."""

    DONE = "done"
    RETRY = "retry"  # the next attempt, after the retry delay
    RERUN = "rerun"  # the next attempt, at the next tick
    STAYS_DUE = "stays due"  # the same attempt, at a tick that may start it


class Rule(NamedTuple):
    """What follows from one case."""

    then: Then
    dead_letter: bool = False
    told: bool = False
    """Whether a person is told of a failure; that happens once a slot, when it is done with."""

    def next_attempt(self, attempt: int) -> int:
        """Return the number of the next attempt after this one; the next slot's is 1."""
        match self.then:
            case Then.DONE:
                return 1
            case Then.STAYS_DUE:
                return attempt
            case Then.RETRY | Then.RERUN:
                return attempt + 1


_DONE = Rule(Then.DONE)
_DEAD = Rule(Then.DONE, dead_letter=True, told=True)
_TOLD = Rule(Then.DONE, told=True)
_RETRY = Rule(Then.RETRY)
_RERUN = Rule(Then.RERUN)
_STAYS = Rule(Then.STAYS_DUE)

_ROWS: Mapping[Ending, tuple[Rule, Rule, Rule, Rule]] = {
    # Attempts:          LEFT    USED_UP SUPERSEDED BY_HAND
    Ending.SUCCEEDED: (_DONE, _DONE, _DONE, _DONE),
    Ending.FAILED: (_RETRY, _DEAD, _DEAD, _TOLD),
    Ending.TIMED_OUT: (_RETRY, _DEAD, _DEAD, _TOLD),
    Ending.FINAL: (_DEAD, _DEAD, _DEAD, _TOLD),
    Ending.INTERRUPTED: (_RERUN, _DEAD, _DEAD, _DONE),
    Ending.STOPPED: (_DONE, _DONE, _DONE, _DONE),
    Ending.PUT_OFF: (_STAYS, _STAYS, _DONE, _STAYS),
    Ending.SKIPPED: (_DONE, _DONE, _DONE, _DONE),
    Ending.MISSED: (_DONE, _DONE, _DONE, _DONE),
    Ending.CALLED_OFF: (_DEAD, _DEAD, _DEAD, _DONE),
}

TABLE: Mapping[tuple[Ending, Attempts], Rule] = {
    (ending, attempts): rule
    for ending, row in _ROWS.items()
    for attempts, rule in zip(Attempts, row, strict=True)
}

_OUTCOMES: Mapping[Ending, Outcome] = {
    Ending.SUCCEEDED: Outcome.SUCCEEDED,
    Ending.FAILED: Outcome.FAILED,
    Ending.TIMED_OUT: Outcome.TIMED_OUT,
    Ending.FINAL: Outcome.FAILED,
    Ending.INTERRUPTED: Outcome.INTERRUPTED,
    Ending.STOPPED: Outcome.INTERRUPTED,
    Ending.PUT_OFF: Outcome.SKIPPED,
    Ending.SKIPPED: Outcome.SKIPPED,
    Ending.MISSED: Outcome.MISSED,
}


def rule(ending: Ending, attempts: Attempts) -> Rule:
    """Return what follows from an ending."""
    return TABLE[ending, attempts]


def recorded_outcome(ending: Ending, attempts: Attempts) -> Outcome | None:
    """Return the outcome that is recorded; None if that of the last attempt stands, or none yet."""
    if TABLE[ending, attempts].then is Then.STAYS_DUE:
        return None
    return _OUTCOMES.get(ending)


def ending_of(result: AttemptResult) -> Ending:
    """Return how an attempt came to its end."""
    if result.not_now:
        return Ending.PUT_OFF
    match result.outcome:
        case Outcome.SUCCEEDED:
            return Ending.SUCCEEDED
        case Outcome.INTERRUPTED:
            return Ending.STOPPED if result.final else Ending.INTERRUPTED
        case Outcome.FAILED if result.final:
            return Ending.FINAL
        case Outcome.FAILED:
            return Ending.FAILED
        case Outcome.TIMED_OUT:
            return Ending.TIMED_OUT
        case Outcome.SKIPPED:
            return Ending.SKIPPED
        case Outcome.MISSED:
            return Ending.MISSED


def attempts_left(ending: Ending, job: Job | None, attempt: int, interruptions: int) -> Attempts:
    """Return whether a slot may have another attempt, by the policies of its job.

    `interruptions` of its attempts until now were interrupted before this one; they use up no
    retries. None stands for a job that is no longer configured.
    """
    if ending is Ending.INTERRUPTED:
        is_rerun = job is None or job.on_interrupted is OnInterrupted.RERUN
        return Attempts.LEFT if is_rerun and interruptions < RERUNS else Attempts.USED_UP
    if ending is Ending.PUT_OFF:
        return Attempts.LEFT
    retries = job.max_retries if job is not None else 0
    return Attempts.LEFT if attempt - interruptions <= retries else Attempts.USED_UP


def suspends(job: Job | None, rule: Rule, dead_in_a_row: int) -> bool:
    """Return whether a job is suspended by one more dead letter after so many in a row."""
    if job is None or job.suspend_after is None or not rule.dead_letter:
        return False
    return dead_in_a_row + 1 >= job.suspend_after
