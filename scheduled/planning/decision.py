"""What is to be done about a job now: a verdict and its details. Data only."""

from datetime import datetime
from enum import StrEnum

from scheduled.jobs.model import Job
from scheduled.quick_classes import dataclass
from scheduled.timing.slots import MissedRange

LEFT_OUT = "left out"
"""The cause of a decision to record a slot on a day on which the job does not run."""


class Verdict(StrEnum):
    """What is to be done about a job now."""

    RUN = "run"
    SKIP = "skip"  # the slot ends as skipped, with a reason
    NOT_DUE = "rest"  # nothing is due
    WAIT = "wait"  # due, but not to start yet: jitter, deferral, or outside its window
    REGISTER = "meet"  # the job is new, or its schedule has changed
    RESET_WATERMARK = "clamp"  # the watermark lies too far in the future: the clock was wrong
    PAUSED = "paused"
    CANCEL_RETRY = "give_up"  # a newer slot cancels the retry of an older one
    DISABLED = "disabled"
    OVER_BUDGET = "carry"  # due, but this tick has caught up on enough


class Opening(StrEnum):
    """What a slot that is due waits for, where that is a time of the day or a day."""

    WINDOW = "window"  # the hours of the job
    DAY = "day"  # a day on which it runs


_ABOUT_A_SLOT = (Verdict.RUN, Verdict.SKIP, Verdict.OVER_BUDGET, Verdict.CANCEL_RETRY)


@dataclass(frozen=True)
class Decision:
    """A verdict about one job, and its details."""

    job: Job
    verdict: Verdict
    slot: datetime | None = None
    missed: MissedRange | None = None
    """Slots before `slot` for which nothing will run."""
    too_late: MissedRange | None = None
    """Slots of a job with `catch_up: all` that are too late to run."""
    catch_up: bool = False
    attempt: int = 1
    interruptions: int = 0
    """How many earlier attempts for the slot were interrupted."""
    reason: str = ""
    opening: Opening | None = None
    """For WAIT: what it waits for; None for anything else."""
    cause: str = ""
    """Why the slots in `missed` were missed, if that is known."""
    next: datetime | None = None
    """When a job that is not due, or waits, is to be decided again."""
    starts: datetime | None = None
    """When it starts next, if something is to be recorded before; None: `next`."""
    starts_never: bool = False
    """Whether something is to be recorded at `next`, and nothing starts."""
    watermark: datetime | None = None
    """For RESET_WATERMARK: the new watermark. For REGISTER: at the latest; None: run it at once."""

    @property
    def next_start(self) -> datetime | None:
        """When it starts next, as far as that is known."""
        return None if self.starts_never else self.starts or self.next

    @property
    def is_due(self) -> bool:
        """Whether the tick is to do something about a slot."""
        return self.verdict in _ABOUT_A_SLOT
