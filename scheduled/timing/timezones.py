"""A time zone: its name, and what its wall clock shows.

Zones go by their IANA names. A *wall* time is a naive datetime as the clock of a zone shows it;
an *instant* is an aware datetime, and what is returned here is in UTC. Between the two stands
the clock change: when the clock is put forward some wall times never show, when it is put back
some show twice, in a first and a second *pass*.

Aware datetimes that share a zone compare by their wall clocks, which is wrong in the repeated
hour. So nothing here compares before it has converted to UTC.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from scheduled.errors import ScheduleError, did_you_mean

RESOLUTION = timedelta(microseconds=1)


def require_zone(name: str) -> str:
    """The name itself, if it is a zone; else ScheduleError, with the nearest name there is."""
    try:
        ZoneInfo(name)
    # OSError: a folder of the database ("America"). ValueError: a path, a NUL.
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ScheduleError(_unknown(name)) from None
    return name


def local_zone(environ: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str:
    """The name of the zone this machine's clock shows: from `TZ`, else from `localtime`.

    A machine that has neither is in UTC, as the C library has it. Raises ScheduleError where a
    zone is set and its name is unknown or cannot be found out.
    """
    value = environ.get("TZ")
    if value is None:
        return _zone_of_file(localtime)
    value = value.removeprefix(":")
    if value.startswith("/"):
        return _zone_of_file(Path(value))
    return _named_by("TZ", value or "UTC")


def wall_time(instant: datetime, zone: str) -> datetime:
    """What the clock shows at `instant`: naive, its `fold` telling the second pass."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def occurrences(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """The instants at which the clock shows `wall`, oldest first: none, one or two."""
    first, second = _readings(wall, zone)
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def earliest_instant(wall: datetime, zone: str) -> datetime:
    """The first instant at which the clock shows `wall` or later.

    For a time that is skipped this is the end of the gap, for one that is repeated the first pass.
    """
    first, second = _readings(wall, zone)
    return first if first <= second else _change(second, first, zone)


def repeating_change(instant: datetime, zone: str) -> datetime | None:
    """The change that repeats the wall time of `instant`, in either pass; None if it is unique."""
    wall = wall_time(instant, zone).replace(microsecond=0)
    first, second = _readings(wall, zone)
    return _change(first, second, zone) if first < second else None


def _readings(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """`wall` read with the offset from before a change and with the one from after (PEP 495).

    Equal where there is no change; the first is the older in a repeated hour, the second in a gap.
    """
    there = wall.replace(tzinfo=ZoneInfo(zone))
    return there.replace(fold=0).astimezone(UTC), there.replace(fold=1).astimezone(UTC)


def _change(before: datetime, after: datetime, zone: str) -> datetime:
    """The instant the offset changed between two that have different ones, to the second."""
    there = ZoneInfo(zone)
    offset = after.astimezone(there).utcoffset()
    seconds = int((after - before).total_seconds())
    while seconds > 1:
        half = seconds // 2
        middle = before + timedelta(seconds=half)
        if middle.astimezone(there).utcoffset() == offset:
            seconds = half
        else:
            before, seconds = middle, seconds - half
    return before + timedelta(seconds=seconds)


def _unknown(name: str) -> str:
    shown = name[:60].encode("unicode_escape").decode()
    advice = did_you_mean(name, available_timezones(), "write one like Europe/Berlin or UTC")
    return f'time zone "{shown}" is not known{advice}'


def _zone_of_file(path: Path) -> str:
    """The zone a file stands for: by its place in the database, else by the `timezone` beside."""
    for place in (str(path), *_targets(path)):
        _, found, name = place.rpartition("/zoneinfo/")
        if found:
            return _named_by(str(path), name.removeprefix("posix/").removeprefix("right/"))
    beside = path.with_name("timezone")
    if beside.is_file():
        return _named_by(str(beside), beside.read_text("utf-8", errors="replace").strip())
    if path.exists():
        raise ScheduleError(
            f"{path}: a copy, which does not tell the name of its zone; set `timezone` in the"
            " configuration, for example to Europe/Berlin"
        )
    return "UTC"


def _targets(path: Path) -> tuple[str, ...]:
    """Where a symlink points, as written and followed to its end; nothing for another file."""
    return (os.readlink(path), os.path.realpath(path)) if path.is_symlink() else ()


def _named_by(source: str, name: str) -> str:
    try:
        return require_zone(name)
    except ScheduleError as error:
        raise ScheduleError(f"{source}: {error}") from None
