"""What follows from the end of an attempt, as it is recorded. Data only."""

from datetime import datetime

from scheduled.quick_classes import NamedTuple


class Resolution(NamedTuple):
    """What the end of an attempt means for its slot."""

    answered: bool
    """Whether the slot is done with."""
    retry_at: datetime | None = None
    dead_letter: bool = False
    told: bool = False
    """Whether a person is told of a failure now."""
    suspends: bool = False
    """Whether the dead letter takes the job out of service."""
    interruptions: int = 0
    """How many attempts for the slot were interrupted, this one included."""
