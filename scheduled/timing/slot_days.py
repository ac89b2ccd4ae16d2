"""The day that a slot belongs to, and what the days of its job do to it (pure).

`on_days` fires on the days that are allowed; here it is found out which slots are left out, from
which day one was moved, and when it runs by other days.
"""

from datetime import date, datetime, time

from scheduled.quick_classes import replace
from scheduled.timing import day_rule, on_days, slots, wall_times
from scheduled.timing.schedule import Interval, Once, Schedule, origin
from scheduled.timing.timezones import earliest_instant, wall_time
from scheduled.timing.wall_times import MINUTE


def left_out(schedule: Schedule) -> Schedule | None:
    """Return a schedule with the slots that are left out; None where none are."""
    rule = schedule.days
    if rule is None or rule.move != day_rule.SKIP:
        return None
    return replace(schedule, days=rule.inverted())


def day_of(schedule: Schedule, slot: datetime) -> int:
    """Return the day that a slot belongs to, on the wall clock of its schedule."""
    intended = slots.intended_wall_time(schedule, slot)
    return (intended or wall_time(slot, schedule.zone)).toordinal()


def moved_from(schedule: Schedule, slot: datetime, anchor: datetime) -> int | None:
    """Return the day from which a slot was moved, the nearest of several; None if it was not."""
    rule = schedule.days
    if rule is None or rule.move == day_rule.SKIP:
        return None
    wall = slots.intended_wall_time(schedule, slot) or wall_time(slot, schedule.zone)
    own, step = wall.toordinal(), -1 if rule.move == day_rule.NEXT else 1
    day = own
    while not _names(schedule, day, wall.time(), anchor):
        day += step
        if rule.allows(day) or abs(day - own) > day_rule.FARTHEST:
            return None
    return day if day != own else None


def moved_away(
    schedule: Schedule, at: datetime, anchor: datetime
) -> tuple[datetime, datetime] | None:
    """Return the newest slot at or before `at` if it is moved, and when it runs; else None."""
    rule = schedule.days
    if rule is None or rule.move == day_rule.SKIP:
        return None
    bare = replace(schedule, days=None)
    slot = slots.latest(bare, at, anchor)
    if slot is None:
        return None
    wall = slots.intended_wall_time(bare, slot) or wall_time(slot, schedule.zone)
    target = rule.target(wall.toordinal())
    if target is None or target == wall.toordinal():
        return None
    return slot, on_days.instant(target, wall.time(), schedule.zone)


def by_other_days(
    old: Schedule, new: Schedule, slot: datetime, anchor: datetime
) -> datetime | None:
    """Return when a slot runs by the days of `new` that is one by those of `old`; None: never."""
    wall = slots.intended_wall_time(old, slot) or wall_time(slot, old.zone)
    source = moved_from(old, slot, anchor)
    day = source if source is not None else wall.toordinal()
    target = new.days.target(day) if new.days is not None else day
    if target is None:
        return None
    return slot if target == wall.toordinal() else on_days.instant(target, wall.time(), new.zone)


def _names(schedule: Schedule, day: int, clock: time, anchor: datetime) -> bool:
    """Return whether a schedule has a slot on a day at that time, wherever it is moved."""
    form, wall = schedule.form, datetime.combine(date.fromordinal(day), clock)
    if isinstance(form, Once):
        moment = form.moment
        return (wall_time(moment, schedule.zone) if moment.tzinfo else moment) == wall
    if isinstance(form, Interval):
        elapsed = earliest_instant(wall, schedule.zone) - origin(anchor)
        return not elapsed % form.period
    return wall_times.of(form).after(wall - MINUTE) == wall.replace(second=0, microsecond=0)
