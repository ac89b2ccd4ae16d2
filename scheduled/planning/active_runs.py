"""What runs that are under way mean for the slots of their job: which are taken up. Pure."""

from dataclasses import replace
from datetime import datetime

from scheduled.jobs.model import Job, Overlap
from scheduled.jobs.schedule import start_delay
from scheduled.planning.decision import Decision
from scheduled.state.records import ActiveRun, JobMemory


def newest_claimed(record: JobMemory) -> datetime | None:
    """The newest slot that is answered for, or has a run that will: nobody missed that one."""
    runs = _newest_run(record)
    again = record.retry.slot if record.retry else None
    return max((one for one in (runs, again) if one is not None), default=None)


def without_active_runs(job: Job, record: JobMemory) -> JobMemory:
    """The record as the next run of the job sees it, which need not wait for those under way.

    Only where slots queue up does everything wait for them. Elsewhere their slots are theirs.
    """
    if job.overlap is Overlap.QUEUE or not record.runs:
        return record
    # What is under way for them is no longer to be started: neither a retry nor a deferral.
    slots_under_way = {run.slot for run in record.runs.values()}
    retry, deferral, newest = record.retry, record.deferral, _newest_run(record)
    return replace(
        record,
        watermark=newest,
        coalesced=0,
        interruptions=0,
        retry=None if retry and retry.slot in slots_under_way else retry,
        deferral=None if deferral and newest and deferral.until <= newest else deferral,
    )


def is_superseded(record: JobMemory, slot: datetime | None) -> bool:
    """Whether a slot will not come due again, because a newer one has been taken up."""
    newest = newest_claimed(record)
    return slot is not None and newest is not None and slot < newest


def overlaps(decision: Decision, opened: ActiveRun) -> bool:
    """Whether a slot came due while a run went on; one that waited before that waits on."""
    if decision.slot is None:
        return False
    return decision.slot + start_delay(decision.job) > opened.started_at


def _newest_run(record: JobMemory) -> datetime | None:
    known = (record.watermark, *(run.slot for run in record.runs.values()))
    return max((one for one in known if one is not None), default=None)
