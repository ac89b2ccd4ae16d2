"""From a schedule to the instants it fires at. The only module that knows croniter.

A *slot* is one such instant. Slots are computed on the wall clock of the schedule's zone, so
"every day at 02:30" stays at 02:30 across DST, and handed out in UTC, so the rest of the program
compares and stores them without thinking about zones.

At a clock change we do as Debian's cron does. A *fixed* time of day fires when the clock first
shows it or something later: once right after the gap that skipped it, once in a repeated hour,
the first time. A job whose minute or hour begins with `*` follows *elapsed* time: it fires
whenever the clock shows a time that matches, twice in a repeated hour, not at all in a gap.
croniter has rules of its own for these hours; it sees none of our zones, only wall times.

Everything here is pure. Instants come in aware and go out in UTC. `anchor` is when the job was
first seen, and matters to two forms. Intervals fire at the anchor's minute plus one period, two
periods and so on. The minute, because cron ticks on the minute, a second more or less: a slot
some seconds past it would be found a whole minute late. `@reboot` has one slot, the anchor
itself: with each start of the machine that becomes the job's anchor.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from scheduled.timing.expression import Boot, Cron, Interval, Once, Schedule
from scheduled.timing.timezones import (
    RESOLUTION,
    earliest_instant,
    occurrences,
    repeating_change,
    wall_time,
)

COUNT_CAP = 1000
"""Beyond this many, how many slots passed is no longer worth knowing."""


@dataclass(frozen=True)
class MissedRange:
    """A stretch of slots nobody answered: first and last of them, UTC, and how many."""

    first: datetime
    last: datetime
    count: int
    capped: bool = False
    """Whether counting stopped at `count`, and there were more."""


MINUTE = timedelta(minutes=1)

# There are no slots outside these: a search from further out would run into the end of datetime.
FIRST = datetime(1000, 1, 1, tzinfo=UTC)
LAST = datetime(9000, 1, 1, tzinfo=UTC)

# A job that matches in gaps and nowhere else (`* 2 8-14 3 */7` in New York) has no slots.
# It is given up after this many of them, a gap a year as a rule.
GAPS = 100


def latest(schedule: Schedule, now: datetime, anchor: datetime) -> datetime | None:
    """The newest slot at or before `now`, found in one step back; None if there is none."""
    now = min(now.astimezone(UTC), LAST)
    match schedule.form:
        case Cron() as cron:
            return _latest(cron, schedule.zone, now) if now >= FIRST else None
        case Interval(period):
            turns = _turns(period, now, anchor)
            return origin(anchor) + turns * period if turns else None
        case Once(moment):
            slot = _instant(moment, schedule.zone)
            return slot if slot <= now else None
        case Boot():
            return anchor.astimezone(UTC) if anchor <= now else None


def following(schedule: Schedule, after: datetime, anchor: datetime) -> datetime | None:
    """The first slot strictly after `after`; None if there is none."""
    return next(between(schedule, after, LAST, anchor), None)


def between(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime
) -> Iterator[datetime]:
    """The slots in the half-open (after, until], oldest first; lazily, for they may be many."""
    after, until = max(after.astimezone(UTC), FIRST), min(until.astimezone(UTC), LAST)
    if after >= until:
        return iter(())
    return itertools.takewhile(lambda slot: slot <= until, _upcoming(schedule, after, anchor))


def count(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime, cap: int = COUNT_CAP
) -> int:
    """How many slots there are in the half-open (after, until]; `cap` if there are more."""
    if isinstance(schedule.form, Interval):  # counted, not walked through
        period = schedule.form.period
        many = _turns(period, until, anchor) - _turns(period, after, anchor)
        return min(max(many, 0), cap)
    return sum(1 for _ in itertools.islice(between(schedule, after, until, anchor), cap))


def origin(anchor: datetime) -> datetime:
    """The minute of `anchor`, from which an interval counts."""
    return _minute(anchor.astimezone(UTC))


def is_anchored(schedule: Schedule) -> bool:
    """Whether its slots depend on the anchor; the others are the same whoever asks."""
    return isinstance(schedule.form, Interval | Boot)


def clock_change_note(schedule: Schedule, slot: datetime) -> str:
    """What a clock change did to this slot, in words; empty on an ordinary day.

    `moved: 02:30 does not exist that day`, `first of two 02:30`, `second of two 02:30`.
    """
    zone = schedule.zone
    wall, meant = wall_time(slot, zone), intended_wall_time(schedule, slot)
    if meant is None:
        return ""
    if meant != wall:
        return f"moved: {meant:%H:%M} does not exist that day"
    change = repeating_change(slot, zone)
    if change is None:
        return ""
    return f"{'first' if slot < change else 'second'} of two {wall:%H:%M}"


def intended_wall_time(schedule: Schedule, slot: datetime) -> datetime | None:
    """What the clock was to show at this slot: naive, and not what it shows after a gap.

    None for elapsed time and for instants, which do not look at the clock.
    """
    match schedule.form:
        case Cron(fixed=True) as cron:
            return _fields(cron).after(_high_water(slot - RESOLUTION, schedule.zone))
        case Once(moment) if moment.tzinfo is None:
            return moment
        case Cron():
            return wall_time(slot, schedule.zone)
        case _:
            return None


class _Fields:
    """Five fields on a clock that is never changed: naive wall times in, naive wall times out."""

    def __init__(self, cron: Cron) -> None:
        from croniter import croniter

        # A start is given with every question; without this one the clock would be read.
        self._engine = croniter(cron.expression, start_time=0, day_or=cron.either_day)

    def after(self, wall: datetime) -> datetime:
        """The first match strictly after `wall`."""
        return self._engine.get_next(datetime, start_time=_minute(wall))

    def upto(self, wall: datetime) -> datetime:
        """The last match at or before `wall`."""
        return self._engine.get_prev(datetime, start_time=_minute(wall) + MINUTE)


@lru_cache(maxsize=1024)  # a tick asks once or twice, a simulation thousands of times
def _fields(cron: Cron) -> _Fields:
    return _Fields(cron)


def _upcoming(schedule: Schedule, after: datetime, anchor: datetime) -> Iterator[datetime]:
    """All slots strictly after `after`, which is in UTC, oldest first."""
    match schedule.form:
        case Cron() as cron:
            fields, search = _fields(cron), _next_fixed if cron.fixed else _next_elapsed
            slot = search(fields, schedule.zone, after)
            while slot is not None:
                yield slot
                slot = search(fields, schedule.zone, slot)
        case Interval(period):
            turns = itertools.count(_turns(period, after, anchor) + 1)
            yield from (origin(anchor) + turn * period for turn in turns)
        case Once(moment):
            slot = _instant(moment, schedule.zone)
            if slot > after:
                yield slot
        case Boot():
            if anchor > after:
                yield anchor.astimezone(UTC)


def _latest(cron: Cron, zone: str, now: datetime) -> datetime | None:
    fields = _fields(cron)
    if cron.fixed:
        return earliest_instant(fields.upto(_high_water(now, zone)), zone)
    found = _last_shown(fields, zone, wall_time(now, zone), now)
    change = repeating_change(now, zone)
    if change is not None and change <= now:
        # In the second pass. What the clock showed in the first, beyond its present time, is
        # older than a match in this pass and newer than one from before both.
        eve = change - RESOLUTION
        first_pass = _last_shown(fields, zone, wall_time(eve, zone), eve)
        return max((slot for slot in (found, first_pass) if slot), default=None)
    return found


def _next_fixed(fields: _Fields, zone: str, after: datetime) -> datetime:
    return earliest_instant(fields.after(_high_water(after, zone)), zone)


def _next_elapsed(fields: _Fields, zone: str, after: datetime) -> datetime | None:
    found = _first_shown(fields, zone, wall_time(after, zone), after)
    change = repeating_change(after, zone)
    if change is not None and after < change:
        # In the first pass. What the clock has shown of this hour it will show again.
        eve = change - RESOLUTION
        second_pass = _first_shown(fields, zone, wall_time(change, zone) - RESOLUTION, eve)
        return min((slot for slot in (found, second_pass) if slot), default=None)
    return found


def _first_shown(fields: _Fields, zone: str, wall: datetime, since: datetime) -> datetime | None:
    """The first instant after `since` that shows a match later than `wall`."""
    for _ in range(GAPS):
        wall = fields.after(wall)
        shown = [instant for instant in occurrences(wall, zone) if instant > since]
        if shown:
            return shown[0]
        wall = wall_time(earliest_instant(wall, zone), zone) - RESOLUTION  # the end of the gap
    return None


def _last_shown(fields: _Fields, zone: str, wall: datetime, until: datetime) -> datetime | None:
    """The last instant at or before `until` that shows a match at or before `wall`."""
    for _ in range(GAPS):
        wall = fields.upto(wall)
        shown = [instant for instant in occurrences(wall, zone) if instant <= until]
        if shown:
            return shown[-1]
        wall = wall_time(earliest_instant(wall, zone) - RESOLUTION, zone)  # the start of the gap
    return None


def _high_water(instant: datetime, zone: str) -> datetime:
    """The latest wall time the clock has shown by `instant`: set back, it has shown a later one."""
    change = repeating_change(instant, zone)
    if change is not None and change <= instant:
        return wall_time(change - RESOLUTION, zone)
    return wall_time(instant, zone)


def _turns(period: timedelta, instant: datetime, anchor: datetime) -> int:
    """How many periods have passed since the anchor; 0 before it."""
    return max((instant - origin(anchor)) // period, 0)


def _instant(moment: datetime, zone: str) -> datetime:
    return moment if moment.tzinfo else earliest_instant(moment, zone)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
