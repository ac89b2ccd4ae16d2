"""Time zones: their names, and conversions between instants and wall times.

Zones are named as in the IANA database. A *wall time* is a naive datetime as a clock in the zone
shows it. An *instant* is an aware datetime, returned here in UTC. The clock changes make the
difference: some wall times are skipped, and some occur twice, in a first and a second *pass*.

Python compares two aware datetimes of one zone by their wall times, which is wrong in a repeated
hour. Therefore everything is converted to UTC before it is compared.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from scheduled.errors import ScheduleError, did_you_mean

RESOLUTION = timedelta(microseconds=1)


def require_zone(name: str) -> str:
    """Return `name` if it is a zone. Raise ScheduleError, with the closest name, if not."""
    try:
        ZoneInfo(name)
    # OSError: a folder of the database ("America"). ValueError: a path, a NUL.
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ScheduleError(_unknown(name)) from None
    return name


def local_zone(environ: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str:
    """Return the name of this machine's zone: from `TZ`, else from the file `localtime`.

    Without either it is UTC, as in the C library. Raise ScheduleError if a zone is set whose name
    is unknown or cannot be found out.
    """
    value = environ.get("TZ")
    if value is None:
        return _zone_of_file(localtime)
    value = value.removeprefix(":")
    if value.startswith("/"):
        return _zone_of_file(Path(value))
    return _named_by("TZ", value or "UTC")


def wall_time(instant: datetime, zone: str) -> datetime:
    """Return what the clock shows at `instant`: naive, with `fold` set in the second pass."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


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
    local = wall.replace(tzinfo=ZoneInfo(zone))
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _change(before: datetime, after: datetime, zone: str) -> datetime:
    """Return when the offset changed between two instants, to the second."""
    zone_info = ZoneInfo(zone)
    offset = after.astimezone(zone_info).utcoffset()
    seconds = int((after - before).total_seconds())
    while seconds > 1:
        half = seconds // 2
        middle = before + timedelta(seconds=half)
        if middle.astimezone(zone_info).utcoffset() == offset:
            seconds = half
        else:
            before, seconds = middle, seconds - half
    return before + timedelta(seconds=seconds)


def _unknown(name: str) -> str:
    shown = name[:60].encode("unicode_escape").decode()
    advice = did_you_mean(name, available_timezones(), "write one like Europe/Berlin or UTC")
    return f'time zone "{shown}" is not known{advice}'


def _zone_of_file(path: Path) -> str:
    """Return the zone of a file, by its place in the database or the `timezone` beside it."""
    for place in (str(path), *_targets(path)):
        _, separator, name = place.rpartition("/zoneinfo/")
        if separator:
            return _named_by(str(path), name.removeprefix("posix/").removeprefix("right/"))
    beside = path.with_name("timezone")
    if beside.is_file():
        return _named_by(str(beside), beside.read_text("utf-8", errors="replace").strip())
    if path.exists():
        raise ScheduleError(
            f"{path}: a copy, which does not name its zone; set `timezone` in the"
            " configuration, for example to Europe/Berlin"
        )
    return "UTC"


def _targets(path: Path) -> tuple[str, ...]:
    """Return where a symlink points, as written and resolved; nothing for any other file."""
    return (os.readlink(path), os.path.realpath(path)) if path.is_symlink() else ()


def _named_by(source: str, name: str) -> str:
    try:
        return require_zone(name)
    except ScheduleError as error:
        raise ScheduleError(f"{source}: {error}") from None
