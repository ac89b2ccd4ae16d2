"""The plan of a tick: a decision for each job, in the order in which they start (pure)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.planning.decide import MemoryOf
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.quick_classes import replace

AGEING = timedelta(minutes=10)
"""A slot that has waited this long counts as one priority more urgent, after twice this as two."""

BUDGET_SPENT = "carried over: this tick has caught up on enough"


def plan(
    jobs: Sequence[Job],
    memory_of: MemoryOf,
    slots: SlotCache,
    *,
    grace: timedelta,
    budget: int,
    ticking_since: datetime | None = None,
) -> list[Decision]:
    """Return a decision for each job; first those that are due, by priority, then slot, then id.

    A slot that waits although ticks come (since `ticking_since`) rises in priority, so that a
    stream of urgent jobs delays no other for ever. At most `budget` runs catch up; the others are
    carried over to a later tick.
    """
    decisions = [decide.decide(job, memory_of(job.id), slots, grace) for job in jobs]
    decisions.sort(key=lambda decision: _order(decision, slots.now, ticking_since))
    planned: list[Decision] = []
    for decision in decisions:
        if decision.verdict is Verdict.RUN and decision.catch_up:
            budget -= 1
            if budget < 0:
                decision = replace(decision, verdict=Verdict.OVER_BUDGET, reason=BUDGET_SPENT)  # noqa: PLW2901
        planned.append(decision)
    return planned


def next_due(decisions: Iterable[Decision]) -> datetime | None:
    """Return when the first of these jobs is due next; None if there is no such time."""
    return min((decision.next for decision in decisions if decision.next is not None), default=None)


def _order(
    decision: Decision, now: datetime, ticking_since: datetime | None
) -> tuple[bool, int, float, str]:
    if decision.slot is None:
        return not decision.is_due, decision.job.priority.rank, 0.0, decision.job.id
    # The time without ticks does not count, as all jobs waited then; nor does that of a retry,
    # which had its turn.
    waiting_since = max(decision.slot, ticking_since or decision.slot)
    if decision.attempt > 1:
        waiting_since = now
    raised = max((now - waiting_since) // AGEING, 0)
    rank = max(decision.job.priority.rank - raised, 0)
    return not decision.is_due, rank, decision.slot.timestamp(), decision.job.id
