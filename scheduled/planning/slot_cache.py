"""The slots around now, each computed once (pure).

There may be thousands of jobs and a few dozen schedules: what is computed for one job is kept for
all that share its schedule, for the length of one tick.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Self

from scheduled.quick_classes import dataclass, replace
from scheduled.timing import slots
from scheduled.timing.schedule import Schedule
from scheduled.timing.slots import MissedRange

LATER = 1024
"""Around so many other instants slots are kept. Jobs that share a schedule share most of them, but
each may have one of its own, as that of its retry."""


@dataclass(frozen=True)
class SlotCache:
    """The slots around `now`, computed once for all jobs that share a schedule."""

    now: datetime
    latest: Callable[[Schedule, datetime | None, datetime | None], datetime | None]
    """Arguments: schedule, until (None: now), anchor. The newest slot at or before `until`."""
    following: Callable[[Schedule, datetime, datetime | None], datetime | None]
    """Arguments: schedule, after, anchor. The first slot after an instant."""
    count: Callable[[Schedule, datetime, datetime, datetime | None], int]
    """Arguments: schedule, after, until, anchor. The number of slots in the half-open
    (after, until], at most `slots.COUNT_CAP`."""
    later: Callable[[datetime], "SlotCache"]
    """The slots around another instant: that at which a pause of all jobs ends, for all of them."""

    @classmethod
    def at(cls, now: datetime) -> Self:
        """Return the slots around `now`. A job that has no anchor yet is counted from `now`."""

        @cache
        def latest(
            schedule: Schedule, until: datetime | None, anchor: datetime | None
        ) -> datetime | None:
            return slots.latest(schedule, until or now, anchor or now)

        @cache
        def following(
            schedule: Schedule, after: datetime, anchor: datetime | None
        ) -> datetime | None:
            return slots.following(schedule, after, anchor or now)

        @cache
        def count(
            schedule: Schedule, after: datetime, until: datetime, anchor: datetime | None
        ) -> int:
            return slots.count(schedule, after, until, anchor or now)

        @lru_cache(maxsize=LATER)
        def later(then: datetime) -> SlotCache:
            return cls.at(then)

        return cls(now, latest, following, count, later)

    def missed_range(
        self, schedule: Schedule, after: datetime, until: datetime, anchor: datetime | None
    ) -> MissedRange | None:
        """Return the slots in the half-open (after, until] as a range; None if there are none."""
        first = self.following(schedule, after, anchor)
        last = self.latest(schedule, until, anchor)
        if first is None or last is None or first > last:
            return None
        count = self.count(schedule, after, last, anchor)
        return MissedRange(first, last, count, capped=count >= slots.COUNT_CAP)

    def delayed_by(self, delay: timedelta) -> "SlotCache":
        """Return the slots for a job that starts so long after them."""
        if not delay:
            return self
        now = self.now - delay
        return replace(
            self,
            now=now,
            latest=lambda schedule, until, anchor: self.latest(schedule, until or now, anchor),
        )
