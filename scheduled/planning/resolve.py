"""What the end of an attempt means for its slot: done with, tried again, or a dead letter (pure).

The rule is the table in `slot_end`; here it is applied to what is remembered about the job.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.planning import decide, retries, slot_end
from scheduled.planning.slot_end import Attempts, Ending, Then
from scheduled.quick_classes import replace
from scheduled.state import events
from scheduled.state.journal import Event
from scheduled.state.records import ActiveRun, JobMemory
from scheduled.state.resolution import Resolution
from scheduled.timing import backoff
from scheduled.timing.instants import format_utc

if TYPE_CHECKING:
    from scheduled.state.event_types import NotNow, RunEnded

TICK_DIED = AttemptResult(
    Outcome.INTERRUPTED, timedelta(0), reason=events.TICK_DIED, error=events.TICK_DIED
)
"""The result of a run whose tick died, if nothing else is known of it."""


def resolve(
    job: Job | None,
    run: Attempt | ActiveRun,
    result: AttemptResult,
    memory: JobMemory,
    now: datetime,
) -> Resolution:
    """Return what follows from the end of `run` at `now`; None: its job is not configured now."""
    ending = slot_end.ending_of(result)
    rule = slot_end.rule(ending, _attempts(job, run, ending, memory))
    is_interrupted = ending is Ending.INTERRUPTED and run.slot is not None
    return Resolution(
        answered=rule.then is Then.DONE,
        retry_at=_next_at(rule.then, job, run, memory, now),
        dead_letter=rule.dead_letter,
        told=rule.told,
        suspends=slot_end.suspends(job, rule, memory.dead_in_a_row),
        interruptions=run.interruptions + is_interrupted,
    )


def as_stopped(ended: AttemptResult, reason: str) -> AttemptResult:
    """Return the end of a run that was told to stop; one that had succeeded stays a success."""
    if ended.outcome is Outcome.SUCCEEDED:
        return ended
    return replace(
        ended,
        outcome=Outcome.INTERRUPTED,
        reason=reason,
        error=reason,
        not_now=False,
        final=True,
    )


def call_off(job_id: str, memory: JobMemory, reason: str, job: Job | None) -> list[Event]:
    """Return the end of a slot that waits for its next attempt, which will not be made.

    None for a slot that is being tried: it ends with that run.
    """
    retry = memory.retry
    if retry is None or retry.slot in (run.slot for run in memory.runs.values()):
        return []
    if not retry.outcome:
        return [events.slot_skipped(job_id, retry.slot, f"not now: {retry.error}; {reason}")]
    rule = slot_end.rule(Ending.CALLED_OFF, Attempts.USED_UP)
    suspends = slot_end.suspends(job, rule, memory.dead_in_a_row)
    resolution = Resolution(answered=True, dead_letter=rule.dead_letter, suspends=suspends)
    return [events.retry_cancelled(job_id, retry, reason, resolution)]


def replaced_retry(memory: JobMemory, event: RunEnded | NotNow, job: Job | None) -> list[Event]:
    """Return the end of the retry that `event`, the end of another slot, replaces with its own."""
    retry = memory.retry
    if retry is None or not event.get("retry_at") or event["slot"] == format_utc(retry.slot):
        return []
    return call_off(event["job"], memory, retries.SUPERSEDED, job)


def _attempts(
    job: Job | None, run: Attempt | ActiveRun, ending: Ending, memory: JobMemory
) -> Attempts:
    """Return whether the slot of a run may have another attempt, by all that is remembered."""
    if run.slot is None:
        return Attempts.BY_HAND
    if _is_superseded(run.slot, ending, memory):
        return Attempts.SUPERSEDED
    if decide.is_out_of_service(job, memory):
        return Attempts.USED_UP
    return slot_end.attempts_left(ending, job, run.attempt, run.interruptions)


def _is_superseded(slot: datetime, ending: Ending, memory: JobMemory) -> bool:
    """Return whether a newer slot has taken the place of this one.

    Its retry does, as a job has one at a time; for a slot that did not fail, any newer run that
    is in progress or has succeeded does.
    """
    newer = [memory.retry.slot if memory.retry else None]
    if ending in (Ending.INTERRUPTED, Ending.PUT_OFF):
        runs = (run for run in memory.runs.values() if not run.is_ahead)
        newer += [memory.succeeded_slot, *(run.slot for run in runs)]
    return any(other is not None and other > slot for other in newer)


def _next_at(
    then: Then, job: Job | None, run: Attempt | ActiveRun, memory: JobMemory, now: datetime
) -> datetime | None:
    """Return when the slot is tried again; None if it is not, or is due like any other."""
    match then:
        case Then.RETRY if job is not None:
            failures = run.attempt - run.interruptions
            wait = backoff.delay(failures - 1, base=job.retry_delay, cap=job.max_retry_delay)
            return now + timedelta(seconds=wait)
        case Then.RERUN:
            return now
        case Then.STAYS_DUE if run.slot is not None and memory.retry is None:
            # A newer slot was skipped meanwhile: this one is not found by its schedule any more.
            is_passed = memory.watermark is not None and run.slot <= memory.watermark
            return now if is_passed else None
    return None
