"""What the end of an attempt means for its slot: it has ended, is retried, or is dead (pure)."""

from dataclasses import replace
from datetime import datetime, timedelta

from scheduled.jobs.model import Attempt, AttemptResult, Job, OnInterrupted, Outcome
from scheduled.planning import active_runs, decide
from scheduled.state import events
from scheduled.state.events import Resolution
from scheduled.state.journal import Event
from scheduled.state.records import JobMemory
from scheduled.timing import backoff

RERUNS = 2
"""How often an interrupted run is repeated for the same slot."""


def resolve(attempt: Attempt, ended: AttemptResult, memory: JobMemory, now: datetime) -> Resolution:
    """Return whether the slot of an attempt that ended at `now` has ended too, or when to retry it.

    A job has one retry at a time: that of a newer slot takes precedence.
    """
    retry_at = None if _is_superseded(attempt, memory) else _retry_at(attempt, ended, now)
    rerun = (
        ended.outcome is Outcome.INTERRUPTED
        and not ended.final
        and not gives_up(attempt.job, memory.interruptions)
        and not active_runs.is_superseded(memory, attempt.slot)
    )
    return Resolution(retry_at is None and not rerun, retry_at, _is_dead(attempt, ended, retry_at))


def gives_up(job: Job | None, interruptions: int) -> bool:
    """Return whether a slot ends with one more interrupted run; None: its job is gone."""
    if job is not None and job.on_interrupted is OnInterrupted.SKIP:
        return True
    return interruptions >= RERUNS


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


def cancelled_retry(memory: JobMemory, event: Event) -> list[Event]:
    """Return the end of the retry that `event`, the end of another slot, replaces with its own."""
    retry = memory.retry
    if retry is None or not event.get("retry_at"):
        return []
    if retry.slot in (run.slot for run in memory.runs.values()):
        return []  # it is running
    return [events.retry_cancelled(event["job"], retry.slot, decide.SUPERSEDED)]


def _retry_at(attempt: Attempt, ended: AttemptResult, now: datetime) -> datetime | None:
    """Return when to retry a failed slot; None if it is not retried."""
    job = attempt.job
    if not ended.outcome.is_failure or ended.final or attempt.slot is None:
        return None
    if attempt.attempt > job.max_retries:
        return None
    wait = backoff.delay(attempt.attempt - 1, base=job.retry_delay, cap=job.max_retry_delay)
    return now + timedelta(seconds=wait)


def _is_superseded(attempt: Attempt, memory: JobMemory) -> bool:
    retried = memory.retry.slot if memory.retry else None
    return retried is not None and attempt.slot is not None and attempt.slot < retried


def _is_dead(attempt: Attempt, ended: AttemptResult, retry_at: datetime | None) -> bool:
    """Return whether a slot of a job with retries has failed for good."""
    has_retries = attempt.job.max_retries > 0 and attempt.slot is not None
    return has_retries and ended.outcome.is_failure and retry_at is None
