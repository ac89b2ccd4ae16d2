"""The zone of this machine: what `TZ` says, else what `/etc/localtime` is.

Debian keeps the name in `/etc/timezone` as well. Where `localtime` is a copy and not a link, its
rules are what every other program follows, whatever that name says.
"""

import contextlib
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

from scheduled.errors import ScheduleError
from scheduled.quick_classes import NamedTuple
from scheduled.timing import posix_zone
from scheduled.timing.timezones import offsets, require_zone

SET_IT = "set `timezone` in the configuration, for example to Europe/Berlin"


class LocalZone(NamedTuple):
    """The zone of this machine."""

    name: str
    warning: str = ""
    """What is contradictory about it; empty if nothing is."""


def local_zone(environ: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> LocalZone:
    """Return this machine's zone: from `TZ`, else from the file `localtime`.

    Without either it is UTC, as in the C library. Raise ScheduleError if a zone is set whose name
    is unknown or cannot be found out.
    """
    value = environ.get("TZ")
    if value is None:
        return _zone_of_file(localtime)
    value = value.removeprefix(":")
    if value.startswith("/"):
        return _zone_of_file(Path(value))
    # As the C library reads it: `GMT+2` is behind UTC.
    if posix_zone.is_ambiguous(value) and posix_zone.zone(value) and not _in_database(value):
        value = posix_zone.quoted(value)
    return LocalZone(_named_by("TZ", value or "UTC"))


def _in_database(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True


def _zone_of_file(path: Path) -> LocalZone:
    """Return the zone of a file, by its place in the database, its name beside it, or its rules."""
    for place in (str(path), *_targets(path)):
        _, separator, name = place.rpartition("/zoneinfo/")
        if separator:
            name = name.removeprefix("posix/").removeprefix("right/")
            return LocalZone(_named_by(str(path), name))
    beside = path.with_name("timezone")
    named = beside.read_text("utf-8", errors="replace").strip() if beside.is_file() else ""
    if not path.exists():
        return LocalZone(_named_by(str(beside), named) if named else "UTC")
    return _zone_of_copy(path, beside, named)


def _zone_of_copy(path: Path, beside: Path, named: str) -> LocalZone:
    """Return the zone whose rules are those of the copy at `path`."""
    try:
        data = path.read_bytes()
        with path.open("rb") as file:
            rules = offsets(ZoneInfo.from_file(file))
    except (OSError, ValueError, struct.error) as error:
        raise ScheduleError(f"{path}: not a time zone file; {SET_IT}") from error
    if named and _is_zone(named, rules):
        return LocalZone(named)
    others = [name for name, place in _database() if _holds(place, data)]
    others = others or [name for name, _ in _database() if _is_zone(name, rules)]
    main = _main_zones()
    name = min(others, key=lambda name: (name != "UTC", name not in main, name), default="")
    says = f", and {beside} names another zone, {named}" if named else ""
    if not name:
        raise ScheduleError(f"{path}: a copy of no zone that is known here{says}; {SET_IT}")
    if not named:
        return LocalZone(name)
    return LocalZone(name, f"{path}: a copy of {name}{says}; {name} is used; {SET_IT}")


def _folders() -> list[str]:
    """Return the folders of the database: the system's, then that of the package tzdata."""
    import importlib.util

    package = importlib.util.find_spec("tzdata")
    places = package.submodule_search_locations if package is not None else None
    return [*TZPATH, *(os.path.join(place, "zoneinfo") for place in places or ())]


def _main_zones() -> frozenset[str]:
    """Return the zones that the database lists for the countries, without other names for them."""
    for folder in _folders():
        with contextlib.suppress(OSError):
            lines = Path(folder, "zone1970.tab").read_text("utf-8").splitlines()
            return frozenset(line.split("\t")[2] for line in lines if line[:1].isupper())
    return frozenset()


def _is_zone(name: str, rules: object) -> bool:
    try:
        return offsets(ZoneInfo(name)) == rules
    except (OSError, ValueError, LookupError):
        return False


def _holds(place: str, data: bytes) -> bool:
    return os.path.getsize(place) == len(data) and Path(place).read_bytes() == data


def _database() -> Iterator[tuple[str, str]]:
    """Yield the zones of the database, each with its file."""
    for folder in _folders():
        for where, folders, files in os.walk(folder):
            inner = os.path.relpath(where, folder)
            folders[:] = [name for name in folders if name not in ("posix", "right")]
            for file in files:
                name = file if inner == "." else f"{inner}/{file}"
                if file[0].isupper() and name != "Factory":
                    yield name, os.path.join(where, file)


def _targets(path: Path) -> tuple[str, ...]:
    """Return where a symlink points, as written and resolved; nothing for any other file."""
    return (os.readlink(path), os.path.realpath(path)) if path.is_symlink() else ()


def _named_by(source: str, name: str) -> str:
    try:
        return require_zone(name)
    except ScheduleError as error:
        raise ScheduleError(f"{source}: {error}") from None
