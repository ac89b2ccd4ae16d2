"""What is to be done about a slot that waits for its next attempt (pure)."""

from datetime import datetime

from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import start_delay
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.due import Due, earliest, is_too_late, why_too_late
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.present import CORRECTION
from scheduled.state.records import Retry
from scheduled.timing.slots import MissedRange
from scheduled.timing.timezones import INSTANT

SUPERSEDED = "a newer slot is due"


def decide_retry(
    job: Job, retry: Retry, due: Due | None, slots: SlotCache, after: datetime | None
) -> Decision:
    """Decide to retry a failed slot at its time, unless a newer slot has come due before."""
    # A slot of a clock that was ahead is older than any that has come due since.
    is_ahead = retry.is_premature(slots.now) or retry.slot > slots.now + CORRECTION
    is_older = due is not None and (due.newest > retry.slot or is_ahead)
    superseded = is_older and job.catch_up is not CatchUp.ALL
    missed = missed_before_retry(retry, due, slots)
    if superseded:
        return Decision(job, Verdict.CANCEL_RETRY, retry.slot, missed, reason=SUPERSEDED)
    late = slots.now - retry.slot - start_delay(job)
    if retry.is_rerun and is_too_late(job, late):
        return Decision(
            job, Verdict.CANCEL_RETRY, retry.slot, missed, reason=why_too_late(job, late)
        )
    if slots.now < retry.at:
        upcoming = earliest((after, retry.at))
        why = "waits for its retry"
        return Decision(job, Verdict.NOT_DUE, retry.slot, reason=why, next=upcoming)
    return Decision(
        job,
        Verdict.RUN,
        retry.slot,
        missed,
        catch_up=retry.catch_up,
        attempt=retry.attempt,
        interruptions=retry.interruptions,
    )


def missed_before_retry(retry: Retry, due: Due | None, slots: SlotCache) -> MissedRange | None:
    """Return the unanswered slots before that of a retry; None if there are none.

    They were recorded when the slot was claimed, except for those that passed since because the
    clock that claimed it was ahead and was set back.
    """
    if due is None or due.watermark is None or retry.slot > slots.now:
        return None
    if due.watermark >= retry.slot - INSTANT:
        return None
    return slots.missed_range(due.schedule, due.watermark, retry.slot - INSTANT, due.anchor)
