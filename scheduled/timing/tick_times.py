"""The ticks of a period: one a step, none during an outage (pure)."""

from datetime import datetime, time, timedelta
from functools import cached_property

from scheduled.quick_classes import dataclass
from scheduled.timing.timezones import earliest_instant, wall_time


@dataclass(frozen=True)
class Outage:
    """A period without ticks, half-open: there may be a tick at `end`."""

    start: datetime
    end: datetime

    def covers(self, instant: datetime) -> bool:
        """Return whether there is no tick at `instant`."""
        return self.start <= instant < self.end


@dataclass(frozen=True)
class TickTimeline:
    """The ticks in the half-open [start, end), `step` apart.

    Steps are counted from the midnight before the start on the wall clock of `zone`, so that `15m`
    ticks at the quarters of the hour, as `*/15` in a crontab does.
    """

    start: datetime
    end: datetime
    step: timedelta
    zone: str
    outages: tuple[Outage, ...] = ()

    def first(self, earliest: datetime) -> datetime | None:
        """Return the first tick at or after `earliest`, or None if there is none before the end."""
        instant = max(earliest, self.start)
        while instant < self.end:
            tick = self._origin - (self._origin - instant) // self.step * self.step
            outage = self._outage(tick)
            if outage is None:
                return tick if tick < self.end else None
            instant = outage.end
        return None

    def before(self, tick: datetime) -> datetime | None:
        """Return the tick before this one, or None for the first."""
        earlier = tick - self.step
        while earlier >= self.start:
            outage = self._outage(earlier)
            if outage is None:
                return earlier
            earlier -= ((earlier - outage.start) // self.step + 1) * self.step
        return None

    def has_outage_between(self, after: datetime, until: datetime) -> bool:
        """Return whether an outage ended between two ticks."""
        return any(after < outage.end <= until for outage in self.outages)

    @cached_property
    def _origin(self) -> datetime:
        midnight = datetime.combine(wall_time(self.start, self.zone).date(), time(0))
        return earliest_instant(midnight, self.zone)

    def _outage(self, instant: datetime) -> Outage | None:
        return next((outage for outage in self.outages if outage.covers(instant)), None)
