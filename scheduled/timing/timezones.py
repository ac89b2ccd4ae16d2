"""Time zones: their names, and conversions between instants and wall times.

Zones are named as in the IANA database, or written as POSIX rules. A *wall time* is a naive
datetime as a clock in the zone shows it. An *instant* is an aware datetime, returned here in UTC.
The clock changes make the difference: some wall times are skipped, and some occur twice, in a first
and a second *pass*.

Python compares two aware datetimes of one zone by their wall times, which is wrong in a repeated
hour. Therefore everything is converted to UTC before it is compared.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduled.errors import ScheduleError, cut, did_you_mean

INSTANT = timedelta(microseconds=1)


@lru_cache(maxsize=64)
def zone_info(name: str) -> ZoneInfo:
    """Return the zone of that name. Raise ScheduleError, with what to write, if there is none."""
    try:
        return ZoneInfo(name)
    # OSError: a folder of the database ("America"). ValueError: a path, a NUL.
    except (ZoneInfoNotFoundError, OSError, ValueError):
        zone = _by_rule(name)
        if zone is None:
            raise ScheduleError(_unknown(name)) from None
        return zone


def require_zone(name: str) -> str:
    """Return `name` if it is a zone. Raise ScheduleError, with the closest name, if not."""
    zone_info(name)
    return name


def is_zone(name: str) -> bool:
    """Return whether there is a zone of that name."""
    try:
        zone_info(name)
    except ScheduleError:
        return False
    return True


@lru_cache(maxsize=64)
def have_same_rules(name: str, other: str) -> bool:
    """Return whether the clocks of two zones always show the same, now and in years to come."""
    if name == other:
        return True
    try:
        return offsets(zone_info(name)) == offsets(zone_info(other))
    except ScheduleError:
        return False  # written on a machine that knew more zones than this one


@lru_cache(maxsize=64)
def offsets(zone: ZoneInfo) -> tuple[tuple[int, timedelta | None], ...]:
    """Return the offset at the beginning of 2024 and each later one, with its second.

    Up to 2038: from then on the years are alike, and no slot is older than the program.
    """
    start, week = datetime(2024, 1, 1, tzinfo=UTC), timedelta(weeks=1)
    found = [(0, start.astimezone(zone).utcoffset())]
    for number in range(1, 14 * 52):  # no zone changes twice in a week
        after = start + number * week
        offset = after.astimezone(zone).utcoffset()
        if offset != found[-1][1]:
            change = _change_of(zone, after - week, after)
            found.append((int(change.timestamp()), offset))
    return tuple(found)


def wall_time(instant: datetime, zone: str) -> datetime:
    """Return what the clock shows at `instant`: naive, with `fold` set in the second pass."""
    return instant.astimezone(zone_info(zone)).replace(tzinfo=None)


def occurrences(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """Return the instants at which the clock shows `wall`, oldest first: none, one or two."""
    first, second = _readings(wall, zone)
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def earliest_instant(wall: datetime, zone: str) -> datetime:
    """Return the first instant at which the clock shows `wall` or later.

    For a skipped time this is the end of the gap, for a repeated one its first pass.
    """
    first, second = _readings(wall, zone)
    return first if first <= second else _change(second, first, zone)


def repeating_change(instant: datetime, zone: str) -> datetime | None:
    """Return when the clock is set back so that it shows the wall time of `instant` twice.

    None if it shows that time once.
    """
    wall = wall_time(instant, zone).replace(microsecond=0)
    first, second = _readings(wall, zone)
    return _change(first, second, zone) if first < second else None


def _readings(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return `wall` read with the offset before and with the one after a change (PEP 495).

    Without a change they are equal. In a repeated hour the first is older, in a gap the second.
    """
    local = wall.replace(tzinfo=zone_info(zone))
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _change(before: datetime, after: datetime, zone: str) -> datetime:
    """Return when the offset changed between two instants, to the second."""
    return _change_of(zone_info(zone), before, after)


def _change_of(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = after.astimezone(zone).utcoffset()
    seconds = int((after - before).total_seconds())
    while seconds > 1:
        half = seconds // 2
        middle = before + timedelta(seconds=half)
        if middle.astimezone(zone).utcoffset() == offset:
            seconds = half
        else:
            before, seconds = middle, seconds - half
    return before + timedelta(seconds=seconds)


def _by_rule(name: str) -> ZoneInfo | None:
    from scheduled.timing import posix_zone

    return None if posix_zone.is_ambiguous(name) else posix_zone.zone(name)


def _unknown(name: str) -> str:
    from zoneinfo import available_timezones

    from scheduled.timing import posix_zone

    shown = cut(name, 60).encode("unicode_escape").decode()
    advice = posix_zone.advice(name)
    if advice:
        return f'time zone "{shown}" is not known; {advice}'
    closest = did_you_mean(name, available_timezones(), "write one like Europe/Berlin or UTC")
    return f'time zone "{shown}" is not known{closest}'
