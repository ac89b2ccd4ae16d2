"""The instants at which a schedule fires (pure).

A *slot* is one such instant. Slots are computed on the wall clock of the schedule's zone, so that
"every day at 02:30" stays at 02:30 across DST, and returned in UTC, so that the rest of the program
compares and stores them without regard to zones.

DST is handled as in Debian's cron. A *fixed* time of day fires when the clock first shows it or a
later time: right after the gap that skips it, and in a repeated hour once, the first time. A job
whose minute or hour begins with `*` follows *elapsed* time: it fires whenever the clock shows a
time that matches, twice in a repeated hour and not at all in a gap. croniter has other rules for
these hours, so it is given wall times only, never a zone (`wall_times`).

Instants are aware when they come in and in UTC when they are returned. `anchor` is when the job was
registered; two forms depend on it. Intervals fire one period after the minute of the anchor, two
periods after it, and so on. The minute, because cron's calls come on the minute, give or take a
second: a slot some seconds later would be found a whole minute late. `@reboot` has one slot, the
anchor itself, which is set anew at each start of the machine.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scheduled.quick_classes import dataclass, replace
from scheduled.timing import wall_times
from scheduled.timing.schedule import Boot, Cron, Interval, Once, Recurrence, Schedule, origin
from scheduled.timing.timezones import (
    INSTANT,
    earliest_instant,
    occurrences,
    repeating_change,
    wall_time,
)
from scheduled.timing.wall_times import WallTimes

COUNT_CAP = 1000
"""Slots are not counted beyond this."""


@dataclass(frozen=True)
class MissedRange:
    """Consecutive slots for which nothing ran: the first and the last, in UTC, and how many."""

    first: datetime
    last: datetime
    count: int
    capped: bool = False
    """Whether counting stopped at `count`, so that there may be more."""


# There are no slots outside these: a search from there would leave the range of datetime.
FIRST = datetime(1000, 1, 1, tzinfo=UTC)
LAST = datetime(9000, 1, 1, tzinfo=UTC)

# A job that matches in gaps only (`* 2 8-14 3 */7` in New York) has no slots. The search ends after
# this many gaps; there is about one a year.
GAPS = 100


def latest(schedule: Schedule, now: datetime, anchor: datetime) -> datetime | None:
    """Return the newest slot at or before `now`, found in one step back; None if there is none."""
    now = min(now.astimezone(UTC), LAST)
    if schedule.bounds is not None:
        limits = schedule.bounds
        until = now if limits.last is None else min(now, limits.last)
        slot = latest(replace(schedule, bounds=None), until, anchor)
        return slot if slot is not None and limits.include(slot) else None
    match schedule.form:
        case Cron(fixed=fixed) | Recurrence(fixed=fixed):
            if now < FIRST:
                return None
            slot = _latest(_fields(schedule), schedule.zone, now, fixed=fixed)
            return slot if slot is not None and slot >= FIRST else None
        case _ if schedule.days is not None:
            from scheduled.timing import on_days

            return on_days.latest(schedule, now, anchor)
        case Interval(period):
            periods = _periods(period, now, anchor)
            return origin(anchor) + periods * period if periods else None
        case Once(moment):
            slot = _instant(moment, schedule.zone)
            return slot if slot <= now else None
        case _:
            return anchor.astimezone(UTC) if anchor <= now else None


def following(schedule: Schedule, after: datetime, anchor: datetime) -> datetime | None:
    """Return the first slot strictly after `after`; None if there is none."""
    return next(between(schedule, after, LAST, anchor), None)


def between(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime
) -> Iterator[datetime]:
    """Return an iterator over the slots in the half-open (after, until], oldest first."""
    after, until = max(after.astimezone(UTC), FIRST), min(until.astimezone(UTC), LAST)
    if schedule.bounds is not None:
        first, last, _ = schedule.bounds
        after = after if first is None else max(after, first - INSTANT)
        until = until if last is None else min(until, last)
    if after >= until:
        return iter(())
    return itertools.takewhile(lambda slot: slot <= until, _upcoming(schedule, after, anchor))


def count(
    schedule: Schedule, after: datetime, until: datetime, anchor: datetime, cap: int = COUNT_CAP
) -> int:
    """Return how many slots the half-open (after, until] has, at most `cap`."""
    is_computed = schedule.days is None and schedule.bounds is None
    if isinstance(schedule.form, Interval) and is_computed:  # computed, not enumerated
        period = schedule.form.period
        number = _periods(period, until, anchor) - _periods(period, after, anchor)
        return min(max(number, 0), cap)
    return sum(1 for _ in itertools.islice(between(schedule, after, until, anchor), cap))


def is_anchored(schedule: Schedule) -> bool:
    """Return whether the slots depend on the anchor, and so on the job."""
    return isinstance(schedule.form, Interval | Boot)


def clock_change_note(schedule: Schedule, slot: datetime) -> str:
    """Return what a clock change did to a slot, in words, or '' if nothing.

    `moved: 02:30 does not exist that day`, `first of two 02:30`, `second of two 02:30`.
    """
    zone = schedule.zone
    wall, intended = wall_time(slot, zone), intended_wall_time(schedule, slot)
    if intended is None:
        return ""
    if intended != wall:
        return f"moved: {intended:%H:%M} does not exist that day"
    change = repeating_change(slot, zone)
    if change is None:
        return ""
    return f"{'first' if slot < change else 'second'} of two {wall:%H:%M}"


def intended_wall_time(schedule: Schedule, slot: datetime) -> datetime | None:
    """Return the wall time the schedule names for a slot; after a gap the clock shows a later one.

    None for intervals, `@reboot` and aware instants, which do not depend on the wall clock.
    """
    match schedule.form:
        case Cron(fixed=True) | Recurrence(fixed=True):
            return _fields(schedule).after(_high_water(slot - INSTANT, schedule.zone))
        case Once(moment) if moment.tzinfo is None:
            return moment if schedule.days is None else _moved(moment, schedule)
        case Cron() | Recurrence():
            return wall_time(slot, schedule.zone)
        case _:
            return None


def _moved(moment: datetime, schedule: Schedule) -> datetime:
    """Return a wall time on the day on which its job runs."""
    target = schedule.days.target(moment.toordinal())
    return moment if target is None else moment + timedelta(days=target - moment.toordinal())


def _upcoming(schedule: Schedule, after: datetime, anchor: datetime) -> Iterator[datetime]:
    """Yield all slots strictly after `after`, which is in UTC, oldest first."""
    match schedule.form:
        case Cron() | Recurrence() as cron:
            fields, search = _fields(schedule), _next_fixed if cron.fixed else _next_elapsed
            slot = search(fields, schedule.zone, after)
            while slot is not None:
                yield slot
                slot = search(fields, schedule.zone, slot)
        case _ if schedule.days is not None:
            from scheduled.timing import on_days

            yield from on_days.upcoming(schedule, after, anchor)
        case Interval(period):
            numbers = itertools.count(_periods(period, after, anchor) + 1)
            yield from (origin(anchor) + number * period for number in numbers)
        case Once(moment):
            slot = _instant(moment, schedule.zone)
            if slot > after:
                yield slot
        case _:
            if anchor > after:
                yield anchor.astimezone(UTC)


def _fields(schedule: Schedule) -> WallTimes:
    """Return the wall times of five fields or a recurrence, on the days that their job runs on."""
    assert isinstance(schedule.form, Cron | Recurrence)
    if schedule.days is None:
        return wall_times.of(schedule.form)
    from scheduled.timing import on_days

    return on_days.fields(schedule)


def _latest(fields: WallTimes, zone: str, now: datetime, *, fixed: bool) -> datetime | None:
    if fixed:
        wall = fields.latest(_high_water(now, zone))
        return earliest_instant(wall, zone) if wall is not None else None
    slot = _last_shown(fields, zone, wall_time(now, zone), now)
    change = repeating_change(now, zone)
    if change is not None and change <= now:
        # In the second pass. A match of the first pass at a later wall time is older than a match
        # in the second, and newer than one before both.
        eve = change - INSTANT
        first_pass = _last_shown(fields, zone, wall_time(eve, zone), eve)
        return max((each for each in (slot, first_pass) if each), default=None)
    return slot


def _next_fixed(fields: WallTimes, zone: str, after: datetime) -> datetime | None:
    wall = fields.after(_high_water(after, zone))
    return earliest_instant(wall, zone) if wall is not None else None


def _next_elapsed(fields: WallTimes, zone: str, after: datetime) -> datetime | None:
    slot = _first_shown(fields, zone, wall_time(after, zone), after)
    change = repeating_change(after, zone)
    if change is not None and after < change:
        # In the first pass. The clock will show again what it has shown of this hour.
        eve = change - INSTANT
        second_pass = _first_shown(fields, zone, wall_time(change, zone) - INSTANT, eve)
        return min((each for each in (slot, second_pass) if each), default=None)
    return slot


def _first_shown(fields: WallTimes, zone: str, wall: datetime, since: datetime) -> datetime | None:
    """Return the first instant after `since` at which the clock shows a match later than `wall`."""
    for _ in range(GAPS):
        found = fields.after(wall)
        if found is None:
            return None
        wall = found
        instants = [instant for instant in occurrences(wall, zone) if instant > since]
        if instants:
            return instants[0]
        wall = wall_time(earliest_instant(wall, zone), zone) - INSTANT  # the end of the gap
    return None


def _last_shown(fields: WallTimes, zone: str, wall: datetime, until: datetime) -> datetime | None:
    """Return the last instant up to `until` at which the clock shows a match up to `wall`."""
    for _ in range(GAPS):
        found = fields.latest(wall)
        if found is None:
            return None
        wall = found
        instants = [instant for instant in occurrences(wall, zone) if instant <= until]
        if instants:
            return instants[-1]
        wall = wall_time(earliest_instant(wall, zone) - INSTANT, zone)  # the start of the gap
    return None


def _high_water(instant: datetime, zone: str) -> datetime:
    """Return the latest wall time shown so far; a clock set back shows an earlier one now."""
    change = repeating_change(instant, zone)
    if change is not None and change <= instant:
        return wall_time(change - INSTANT, zone)
    return wall_time(instant, zone)


def _periods(period: timedelta, instant: datetime, anchor: datetime) -> int:
    """Return how many whole periods have passed since the anchor; 0 before it."""
    return max((instant - origin(anchor)) // period, 0)


def _instant(moment: datetime, zone: str) -> datetime:
    return moment if moment.tzinfo else earliest_instant(moment, zone)
