"""The slots of a schedule whose job runs on certain days only (pure).

A slot on another day is left out, or it is moved to the same time of day on the next or the
previous day that is allowed. What is moved is a time on the wall clock, as the schedule names it,
so that the rules for DST hold on the day on which it runs. Slots that fall together are one.

The slots of five fields are found by way of their days: a day is allowed and has a slot of its own,
or one that is moved there. Intervals are moved if they are a day or longer, each slot by itself;
shorter ones, and starts of the machine, are left out.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from scheduled.quick_classes import replace
from scheduled.timing import day_rule, wall_times
from scheduled.timing.day_rule import DayRule
from scheduled.timing.schedule import Boot, Interval, Once, Schedule, origin
from scheduled.timing.timezones import INSTANT, earliest_instant, wall_time
from scheduled.timing.wall_times import WallTimes

DAY = timedelta(days=1)
TRIES = 2000
"""So many days with a slot are looked at for one that is allowed."""


@lru_cache(maxsize=4096)  # of those that thousands of jobs share
def restricted(schedule: Schedule, rule: DayRule) -> Schedule:
    """Return a schedule with the slots that are left when a job runs by `rule`."""
    is_short = isinstance(schedule.form, Interval) and schedule.form.period < DAY
    if is_short or isinstance(schedule.form, Boot):
        rule = rule.skipping()
    return replace(schedule, days=rule)


def instant(day: int, clock: time, zone: str) -> datetime:
    """Return when the clock first shows a time, or a later one, on a day."""
    return earliest_instant(datetime.combine(date.fromordinal(day), clock), zone)


def fields(schedule: Schedule) -> WallTimes:
    """Return the wall times of a schedule with five fields."""
    return _fields(schedule.form, schedule.days)


@lru_cache(maxsize=1024)
def _fields(form: Any, rule: DayRule) -> WallTimes:
    times = getattr(form, "times", None)
    if times is None:
        times = tuple(60 * hour + minute for hour in form.hours for minute in form.minutes)
    return _OnDays(form, rule, times)


class _OnDays:
    """The wall times of a form, on the days that a rule leaves."""

    def __init__(self, form: Any, rule: DayRule, times: tuple[int, ...]) -> None:
        self._form, self._rule, self._times = form, rule, times
        self._is_leaving_out = rule.move == day_rule.SKIP

    def after(self, wall: datetime) -> datetime | None:
        """Return the first match strictly after `wall`; None if there is none."""
        day, place = wall.toordinal(), bisect_right(self._times, 60 * wall.hour + wall.minute)
        if place < len(self._times) and self._matches(day):
            return _at(day, self._times[place])
        following = self._following(day)
        return None if following is None else _at(following, self._times[0])

    def latest(self, wall: datetime) -> datetime | None:
        """Return the last match at or before `wall`; None if there is none."""
        day, place = wall.toordinal(), bisect_right(self._times, 60 * wall.hour + wall.minute)
        if place and self._matches(day):
            return _at(day, self._times[place - 1])
        before = self._before(day)
        return None if before is None else _at(before, self._times[-1])

    def _matches(self, day: int) -> bool:
        if not self._rule.allows(day):
            return False
        if self._is_leaving_out:
            return self._own_following(day - 1) == day
        return self._following(day - 1) == day

    def _following(self, day: int) -> int | None:
        """Return the first day after `day` on which there are slots."""
        rule = self._rule
        if self._is_leaving_out:
            for _ in range(TRIES):
                found = self._own_following(day)
                if found is None or rule.allows(found):
                    return found
                allowed = rule.following(found)
                if allowed is None:
                    return None
                day = allowed - 1
            return None
        allowed = rule.following(day)
        if allowed is None:
            return None
        if rule.move == day_rule.PREVIOUS:
            own = self._own_following(allowed - 1)
            return None if own is None else rule.target(own)
        last = rule.before(allowed)
        own = self._own_following(allowed - day_rule.FARTHEST + 1 if last is None else last)
        return None if own is None else rule.target(own)

    def _before(self, day: int) -> int | None:
        """Return the last day before `day` on which there are slots."""
        rule = self._rule
        if self._is_leaving_out:
            for _ in range(TRIES):
                found = self._own_before(day)
                if found is None or rule.allows(found):
                    return found
                allowed = rule.before(found)
                if allowed is None:
                    return None
                day = allowed + 1
            return None
        allowed = rule.before(day)
        if allowed is None:
            return None
        if rule.move == day_rule.NEXT:
            own = self._own_before(allowed + 1)
            return None if own is None else rule.target(own)
        following = rule.following(allowed)
        own = self._own_before(allowed + day_rule.FARTHEST if following is None else following)
        return None if own is None else rule.target(own)

    def _own_following(self, day: int) -> int | None:
        found = wall_times.of(self._form).after(_at(day, 24 * 60 - 1))
        return found.toordinal() if found is not None else None

    def _own_before(self, day: int) -> int | None:
        found = wall_times.of(self._form).latest(_at(day - 1, 24 * 60 - 1))
        return found.toordinal() if found is not None else None


def latest(schedule: Schedule, now: datetime, anchor: datetime) -> datetime | None:
    """Return the newest slot at or before `now` of an interval, a single time or a start."""
    form, rule, zone = schedule.form, schedule.days, schedule.zone
    if not isinstance(form, Interval):
        slot = _single(schedule, anchor)
        return slot if slot is not None and slot <= now else None
    series = _Series(form.period, rule, zone, anchor)
    return series.latest(now)


def upcoming(schedule: Schedule, after: datetime, anchor: datetime) -> Iterator[datetime]:
    """Yield the slots after `after` of an interval, a single time or a start, oldest first."""
    form = schedule.form
    if not isinstance(form, Interval):
        slot = _single(schedule, anchor)
        if slot is not None and slot > after:
            yield slot
        return
    series = _Series(form.period, schedule.days, schedule.zone, anchor)
    slot = series.following(after)
    while slot is not None:
        yield slot
        slot = series.following(slot)


def _single(schedule: Schedule, anchor: datetime) -> datetime | None:
    """Return the one slot of a single time, or of the last start of the machine."""
    form, rule, zone = schedule.form, schedule.days, schedule.zone
    if isinstance(form, Once):
        moment = form.moment
        wall = wall_time(moment, zone) if moment.tzinfo is not None else moment
    else:
        moment = anchor.astimezone(UTC)
        wall = wall_time(moment, zone)
    target = rule.target(wall.toordinal())
    if target is None:
        return None
    if target == wall.toordinal():
        return moment if moment.tzinfo is not None else earliest_instant(moment, zone)
    return instant(target, wall.time(), zone)


class _Series:
    """The slots of an interval, numbered from 1, on the days that a rule leaves."""

    def __init__(self, period: timedelta, rule: DayRule, zone: str, anchor: datetime) -> None:
        self._period, self._rule, self._zone = period, rule, zone
        self._origin = origin(anchor)

    def latest(self, now: datetime) -> datetime | None:
        """Return the newest slot at or before `now`; None if there is none."""
        today = wall_time(now, self._zone).toordinal()
        number = self._number(now)
        if self._rule.move == day_rule.PREVIOUS:
            last = self._rule.before(today + 1) or today
            after = self._rule.following(today) or last + day_rule.FARTHEST - 1
            number = self._number(self._start(after) - INSTANT)
        best: datetime | None = None
        best_day = 0
        while number >= 1:
            day, target, slot = self._slot(number)
            if best is not None and (target or day) < best_day:
                return best
            if slot is not None and slot <= now and (best is None or slot > best):
                best, best_day = slot, target or day
                if self._rule.move == day_rule.SKIP:
                    return best
            number -= 1
            if target is None:  # to the last slot of the last day that is allowed
                before = self._rule.before(day)
                if before is None:
                    return best
                number = min(number, self._number(self._start(before + 1) - INSTANT))
        return best

    def following(self, after: datetime) -> datetime | None:
        """Return the first slot after `after`; None if there is none."""
        number = self._number(after) + 1
        if self._rule.move == day_rule.NEXT:
            last = self._rule.before(wall_time(after, self._zone).toordinal())
            if last is not None:
                number = self._number(self._start(last + 1) - INSTANT) + 1
        best: datetime | None = None
        best_day = 0
        for _ in range(TRIES):
            day, target, slot = self._slot(number)
            if best is not None and (target or day) > best_day:
                return best
            if slot is not None and slot > after and (best is None or slot < best):
                best, best_day = slot, target or day
                if self._rule.move == day_rule.SKIP:
                    return best
            number += 1
            if target is None:  # to the first slot of the next day that is allowed
                following = self._rule.following(day)
                if following is None:
                    return best
                number = max(number, self._number(self._start(following) - INSTANT) + 1)
        return best

    def _slot(self, number: int) -> tuple[int, int | None, datetime | None]:
        """Return the day of a slot, the day it is moved to, and when it is; None: left out."""
        elapsed = self._origin + number * self._period
        wall = wall_time(elapsed, self._zone)
        day = wall.toordinal()
        target = self._rule.target(day)
        if target is None or target == day:
            return day, target, elapsed if target else None
        return day, target, instant(target, wall.time(), self._zone)

    def _number(self, moment: datetime) -> int:
        return max((moment - self._origin) // self._period, 0)

    def _start(self, day: int) -> datetime:
        return instant(day, time(), self._zone)


def _at(day: int, minute: int) -> datetime:
    hour, minute = divmod(minute, 60)
    on = date.fromordinal(day)
    return datetime(on.year, on.month, on.day, hour, minute)  # noqa: DTZ001 - a wall time
