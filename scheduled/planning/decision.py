"""What is to be done about a job now: a verdict, and what it was made of. Data only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduled.jobs.model import Job
from scheduled.timing.slots import MissedRange


class Verdict(StrEnum):
    """What is to be done about a job now."""

    RUN = "run"
    SKIP = "skip"  # the slot ends here, with a reason
    NOT_DUE = "rest"  # nothing is due
    WAIT = "wait"  # a slot has come, but its start has not: jitter, or outside the window
    REGISTER = "meet"  # first sight of the job, or of its changed schedule
    RESET_WATERMARK = "clamp"  # the watermark lies in a future that was an error
    PAUSED = "paused"
    CANCEL_RETRY = "give_up"  # the retry of an older slot is called off
    DISABLED = "disabled"
    OVER_BUDGET = "carry"  # due, but the budget of this tick is spent


@dataclass(frozen=True)
class Decision:
    """A verdict about one job, and what it was made of."""

    job: Job
    verdict: Verdict
    slot: datetime | None = None
    missed: MissedRange | None = None
    """Slots before `slot` that nobody will answer for by themselves."""
    too_late: MissedRange | None = None
    """Slots of a job that runs each of them, but not this late."""
    catch_up: bool = False
    attempt: int = 1
    reason: str = ""
    cause: str = ""
    """Why the slots in `missed` passed, where that is known."""
    next: datetime | None = None
    """For a job that rests or waits: when that ends."""
    watermark: datetime | None = None
    """For a job to meet or to clamp: where it starts to count."""

    @property
    def is_due(self) -> bool:
        """Whether a slot waits for an answer."""
        return self.verdict in (
            Verdict.RUN,
            Verdict.SKIP,
            Verdict.OVER_BUDGET,
            Verdict.CANCEL_RETRY,
        )
