"""The cause of slots that were missed (pure)."""

from collections.abc import Iterable

from scheduled.state.document import GapEntry
from scheduled.state.events import NO_TICK
from scheduled.timing.instants import parse_utc
from scheduled.timing.slots import MissedRange


def cause_of_missed(
    missed: MissedRange | None, gaps: Iterable[GapEntry], absence: GapEntry | None = None
) -> str:
    """Return the cause of the job's absence or the newest gap with the slots, else NO_TICK."""
    gaps = gaps if absence is None else [*gaps, absence]
    for gap in reversed([*gaps]):
        start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
        if missed is not None and start and end and start <= missed.last <= end:
            return str(gap.get("cause"))
    return NO_TICK
