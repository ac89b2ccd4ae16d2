"""The slots before a due one for which a job may run instead, newest first (pure)."""

from collections.abc import Iterator
from datetime import datetime

from scheduled.jobs.model import CatchUp
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning import decide
from scheduled.planning.decision import Decision
from scheduled.planning.due import is_too_late
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import as_decided
from scheduled.quick_classes import NamedTuple, replace
from scheduled.state.records import JobMemory
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT

MOST = 31
"""So many slots before the newest are asked about: a month of days."""


class Candidate(NamedTuple):
    """The decision to run for an older slot."""

    decision: Decision
    refusal: str = ""
    """Why the job must not run for it, whatever its `only_if` says; empty if it may."""


def before(decision: Decision, memory: JobMemory, slots: SlotCache) -> Iterator[Candidate]:
    """Yield the missed slots before the one decided about, newest first, at most MOST.

    None of a job that does not catch up on one of them, nor of a run that a person deferred, which
    is for all of them. Slots that are too late are left out.
    """
    job, missed, slot = decision.job, decision.missed, decision.slot
    if missed is None or slot is None or job.catch_up is not CatchUp.LATEST or decision.cause:
        return
    schedule = schedule_of(as_decided(job, memory))
    anchor = memory.anchor if is_anchored(schedule) else None
    for _ in range(MOST):
        slot = slots.latest(schedule, slot - INSTANT, anchor)
        if slot is None or slot < missed.first:
            return
        if is_too_late(job, slots.now - slot - start_delay(job)):
            return
        rest = slots.missed_range(schedule, missed.first - INSTANT, slot - INSTANT, anchor)
        older = replace(decision, slot=slot, missed=rest, catch_up=True)
        yield Candidate(older, _refusal(memory, slot))


def _refusal(memory: JobMemory, slot: datetime) -> str:
    if slot == memory.skip:
        return decide.SKIPPED_BY_USER
    if memory.pause is not None and memory.pause.covers(slot):
        return decide.pause_text(memory.pause)
    return ""
