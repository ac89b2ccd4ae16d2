"""What the runs in progress mean for the slots of their job (pure)."""

from collections.abc import Iterable
from datetime import datetime

from scheduled.jobs.model import Job, Overlap
from scheduled.jobs.schedule import start_delay
from scheduled.planning.decision import Decision
from scheduled.state.present import CORRECTION
from scheduled.state.records import ActiveRun, JobMemory


def newest_claimed(memory: JobMemory, now: datetime) -> datetime | None:
    """Return the newest slot that has ended, is running or waits for a retry.

    A slot to come does not count if the clock that claimed it has been corrected since.
    """
    retry = memory.retry
    retried = retry.slot if retry and not retry.is_premature(now) else None
    return _newest((newest_started(memory), retried))


def put_off_slot(memory: JobMemory) -> datetime | None:
    """Return the slot that was put off last; None if a run has ended since."""
    return memory.not_now[0] if memory.not_now is not None else None


def without_active_runs(job: Job, memory: JobMemory) -> JobMemory:
    """Return the memory as the next run of the job sees it, as if the slots in progress had ended.

    Unless `overlap` is `queue`: then the next run waits for those in progress.
    """
    return memory if job.overlap is Overlap.QUEUE else as_if_ended(memory)


def as_if_ended(memory: JobMemory) -> JobMemory:
    """Return the memory as if the slots in progress had ended."""
    if not memory.runs:
        return memory
    # Their retry or deferral has been started by these runs.
    active_slots = {run.slot for run in memory.runs.values()}
    retry, deferral, newest = memory.retry, memory.deferral, newest_started(memory)
    return memory._replace(
        watermark=newest,
        coalesced=0,
        retry=None if retry and retry.slot in active_slots else retry,
        deferral=None if deferral and newest and deferral.until <= newest else deferral,
    )


def overlaps(decision: Decision, active_run: ActiveRun) -> bool:
    """Return whether a slot came due during a run; one that was due before it just waits."""
    if decision.slot is None:
        return False
    return decision.slot + start_delay(decision.job) > active_run.started_at


def newest_started(memory: JobMemory) -> datetime | None:
    """Return the newest slot that has ended or is running."""
    return _newest((memory.watermark, *map(_slot, memory.runs.values())))


def _slot(run: ActiveRun) -> datetime | None:
    """Return the slot of a run; None for one that was due by a clock that was ahead."""
    if run.slot is None or run.is_ahead or run.slot > run.started_at + CORRECTION:
        return None
    return run.slot


def _newest(slots: Iterable[datetime | None]) -> datetime | None:
    return max((slot for slot in slots if slot is not None), default=None)
