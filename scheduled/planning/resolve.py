"""What the end of an attempt means for its slot: done with, tried again, or dead. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from scheduled.jobs.model import Attempt, AttemptResult, Job, OnInterrupted, Outcome
from scheduled.planning import active_runs, decide
from scheduled.state import events
from scheduled.state.events import Resolution
from scheduled.state.records import Event, JobMemory
from scheduled.timing import backoff

RERUNS = 2
"""How often an interrupted run is tried again for the same slot."""


def resolve(attempt: Attempt, ended: AttemptResult, record: JobMemory, now: datetime) -> Resolution:
    """Whether the slot of an attempt that ended at `now` is answered, and when it is tried again.

    A newer slot of the job that waits for its own retry takes precedence: there is one at a time.
    """
    retry_at = None if _is_superseded(attempt, record) else _retry_at(attempt, ended, now)
    again = (
        ended.outcome is Outcome.INTERRUPTED
        and not ended.final
        and not gives_up(attempt.job, record.interruptions)
        and not active_runs.is_superseded(record, attempt.slot)
    )
    return Resolution(retry_at is None and not again, retry_at, _is_dead(attempt, ended, retry_at))


def gives_up(job: Job | None, interruptions: int) -> bool:
    """Whether a slot whose run was interrupted once more ends by that; None: its job is gone."""
    if job is not None and job.on_interrupted is OnInterrupted.SKIP:
        return True
    return interruptions >= RERUNS


def as_stopped(ended: AttemptResult, reason: str) -> AttemptResult:
    """The end of a run that was told to stop; what had succeeded by then, has."""
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


def cancelled_retry(record: JobMemory, event: Event) -> list[Event]:
    """The end of another slot's retry, where `event` brings one: there is one at a time."""
    retry = record.retry
    if retry is None or not event.get("retry_at"):
        return []
    if retry.slot in (run.slot for run in record.runs.values()):
        return []  # it is being tried, in this run or beside it
    return [events.retry_cancelled(event["job"], retry.slot, decide.SUPERSEDED)]


def _retry_at(attempt: Attempt, ended: AttemptResult, now: datetime) -> datetime | None:
    """When a failed slot is tried again; None if it is not."""
    job = attempt.job
    if not ended.outcome.is_failure or ended.final or attempt.slot is None:
        return None
    if attempt.attempt > job.max_retries:
        return None
    wait = backoff.delay(attempt.attempt - 1, base=job.retry_delay, cap=job.max_retry_delay)
    return now + timedelta(seconds=wait)


def _is_superseded(attempt: Attempt, record: JobMemory) -> bool:
    waiting = record.retry.slot if record.retry else None
    return waiting is not None and attempt.slot is not None and attempt.slot < waiting


def _is_dead(attempt: Attempt, ended: AttemptResult, retry_at: datetime | None) -> bool:
    """Whether a slot has failed for good though the job has retries."""
    tries = attempt.job.max_retries > 0 and attempt.slot is not None
    return tries and ended.outcome.is_failure and retry_at is None
