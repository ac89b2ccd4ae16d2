"""The instants around now, as the plan asks about them. Pure, and asked once for many jobs.

A home has thousands of jobs and a few dozen schedules: what was found out for one job is
remembered for all that share its schedule, for as long as one tick lasts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Self

from scheduled.timing import slots
from scheduled.timing.expression import Schedule
from scheduled.timing.slots import MissedRange


@dataclass(frozen=True)
class SlotCache:
    """The slots around `now`; each distinct schedule is asked once however many jobs share it."""

    now: datetime
    latest: Callable[[Schedule, datetime | None, datetime | None], datetime | None]
    """The newest slot at or before an instant (None: now); the last one is the anchor."""
    following: Callable[[Schedule, datetime, datetime | None], datetime | None]
    """The first slot after an instant."""
    count: Callable[[Schedule, datetime, datetime, datetime | None], int]
    """How many slots lie in the half-open (after, until], up to the cap of `slots`."""

    @classmethod
    def at(cls, now: datetime) -> Self:
        """The sky at an instant. An anchor that is not known yet is that instant."""

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

        return cls(now, latest, following, count)

    def missed_range(
        self, schedule: Schedule, after: datetime, until: datetime, anchor: datetime | None
    ) -> MissedRange | None:
        """The slots in the half-open (after, until], counted; None where there are none."""
        first = self.following(schedule, after, anchor)
        last = self.latest(schedule, until, anchor)
        if first is None or last is None or first > last:
            return None
        count = self.count(schedule, after, last, anchor)
        return MissedRange(first, last, count, capped=count >= slots.COUNT_CAP)

    def delayed_by(self, delay: timedelta) -> "SlotCache":
        """The sky as a job sees it that starts so long after its slots."""
        if not delay:
            return self
        now = self.now - delay
        return replace(
            self,
            now=now,
            latest=lambda schedule, until, anchor: self.latest(schedule, until or now, anchor),
        )
