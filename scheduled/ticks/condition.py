"""The `only_if` of a job that is due: asked about the newest slot, then about missed ones.

A condition may want one slot of many (the first Monday of a month). If the machine was off then,
the newest slot is not the one that was wanted.
"""

from collections.abc import Callable
from datetime import datetime

from scheduled.jobs.model import Attempt
from scheduled.planning import older_slots
from scheduled.planning.decision import Decision
from scheduled.planning.older_slots import Candidate
from scheduled.quick_classes import NamedTuple, replace
from scheduled.runs.preconditions import Declined, NotNow
from scheduled.state.records import JobMemory
from scheduled.ticks.context import TickContext


class Refused(NamedTuple):
    """A slot that ends as skipped."""

    slot: datetime | None
    reason: str


class Answer(NamedTuple):
    """What the condition said."""

    decision: Decision
    """About the newest slot that is wanted; about the oldest one asked about if none is."""
    is_wanted: bool
    refused: tuple[Refused, ...] = ()
    """Oldest first."""


def ask(
    tick: TickContext,
    memory: JobMemory,
    decision: Decision,
    attempt: Callable[[Decision], Attempt],
) -> Answer | NotNow:
    """Ask about the slot decided about and, while the answer is no, about those before it.

    "Not now" for any of them leaves all of them due. `attempt` returns the run for a decision.
    """
    refused: tuple[Refused, ...] = ()
    asked = decision
    for candidate in (Candidate(decision), *older_slots.before(decision, memory, tick.slots)):
        asked = candidate.decision
        assert asked.slot is not None
        said = _said(tick, candidate, attempt)
        if isinstance(said, NotNow):
            return said
        if not said:
            return Answer(asked, is_wanted=True, refused=refused)
        refused = (Refused(asked.slot, said), *refused)
    return Answer(replace(asked, reason=refused[0].reason), is_wanted=False, refused=refused)


def _said(
    tick: TickContext, candidate: Candidate, attempt: Callable[[Decision], Attempt]
) -> NotNow | str:
    """Return why the job must not run for a slot; empty if it may."""
    if candidate.refusal:
        return candidate.refusal
    match tick.effects.check_only_if(attempt(candidate.decision), tick.run_context):
        case Declined(reason):
            return reason
        case NotNow() as not_now:
            return not_now
    return ""
