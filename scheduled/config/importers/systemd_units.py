"""Finds the units that belong together: a timer, its service, and the drop-ins of both."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scheduled.config.importers import unit_file, unit_words
from scheduled.config.importers.unit_file import Unit, UnitFile
from scheduled.errors import UnreadableFileError, UsageError
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import read_bytes
from scheduled.system.text import excerpt

_SYSTEM = (
    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system",
)  # fmt: skip
_USER = (
    "~/.config/systemd/user", "/etc/systemd/user", "/run/systemd/user",
    "~/.local/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
)  # fmt: skip

_ENABLED = ("*.wants", "*.requires")
"""Directories with links to what is enabled."""
_SERVICE = re.compile(r"[A-Za-z0-9:_.\\@-]{1,247}\.service")


class Pair(NamedTuple):
    """A timer with its service."""

    timer: Unit
    service: Unit | None
    """None if there is none; `problem` says why."""
    label: str
    problem: str = ""
    is_enabled: bool = True
    is_of_user: bool = False
    """Whether it belongs to a user's own manager."""


class Places(NamedTuple):
    """The directories in which units are looked for, the first one first."""

    folders: tuple[Path, ...]
    is_of_user: bool = False
    is_known: bool = False
    """Whether systemd reads them, so that a timer is enabled there or not."""


def places_of(folder: Path, home: str) -> Places:
    """Return the directories that belong to the one a file is in."""
    here = folder.parent if folder.name.endswith((".wants", ".requires")) else folder
    for names, is_of_user in ((_SYSTEM, False), (_USER, True)):
        known = [Path(name.replace("~", home, 1)) for name in names]
        if any(_is_same(here, each) for each in known):
            return Places(tuple(known), is_of_user, is_known=True)
    return Places((here,), is_of_user="user" in here.parts[-2:])


def timers(folder: Path, home: str) -> list[str]:
    """Return the names of the timers in a directory; of a template, those of its instances."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix == ".timer")
    except OSError:
        return []
    folders = dict.fromkeys((folder, *places_of(folder, home).folders))
    found = [name for template in names for name in _instances(template, folders) or [template]]
    return [*dict.fromkeys(found)]


def _instances(template: str, folders: Iterable[Path]) -> list[str]:
    """Return the instances of a template that are enabled."""
    stem, _, rest = template.partition("@")
    if rest != ".timer":
        return []
    found = (
        path.name
        for folder in folders
        for pattern in _ENABLED
        for path in folder.glob(f"{pattern}/{glob.escape(stem)}@?*.timer")
    )
    return sorted(set(found))


def template_of(path: Path) -> Path | None:
    """Return the template of an instance that has no file of its own; None if there is none."""
    template = path.with_name(_template(path.name))
    is_one = path.suffix == ".timer" and template != path and not path.exists()
    return template if is_one and template.is_file() else None


def load(name: str, places: Places) -> Pair:
    """Return the timer of this name with its service. Raise UsageError if it cannot be read."""
    files = list(_files(name, places))
    if not files:
        raise UsageError(f"{name}: no such unit in {', '.join(map(str, places.folders))}")
    timer = unit_file.read(name, files)
    is_enabled = not places.is_known or _is_enabled(name, places)
    try:
        service = service_name(timer)
        found = list(_files(service, places))
    except UsageError as error:
        return Pair(timer, None, name, str(error), is_enabled, places.is_of_user)
    problem = "" if found else f"its {service} is not there"
    unit = unit_file.read(service, found) if found else None
    return Pair(timer, unit, name, problem, is_enabled, places.is_of_user)


def printed(data: bytes, label: str) -> list[Pair]:
    """Return the timers in what `systemctl cat` printed, or in one file that may hold both."""
    parts = unit_file.split_cat(data)
    if not parts:
        unit = unit_file.read("job.timer", [UnitFile(label, data)])
        has_service = bool(unit.keys("Service"))
        problem = "" if has_service else "no [Service] in it; name the file of the timer"
        return [Pair(unit, unit if has_service else None, label, problem)]
    units: dict[str, list[UnitFile]] = {}
    for path, file in parts:
        parent = path.rpartition("/")[0].rpartition("/")[2]
        owner = parent.removesuffix(".d") if path.endswith(".conf") else file.label
        units.setdefault(owner, []).append(file)
    is_of_user = all("/systemd/user/" in path for path, _ in parts)
    return [_printed(name, units, is_of_user) for name in units if name.endswith(".timer")]


def service_name(timer: Unit) -> str:
    """Return the name of the service that a timer starts. Raise UsageError if it starts none."""
    named = unit_words.expanded(timer.last("Timer", "Unit"), unit_words.of_name(timer.name))
    if named and not _SERVICE.fullmatch(named):
        raise UsageError(f"Unit={excerpt(named)}: no service, which a job could run")
    return named or f"{timer.name.removesuffix('.timer')}.service"


def _printed(name: str, units: dict[str, list[UnitFile]], is_of_user: bool) -> Pair:
    timer = unit_file.read(name, units[name])
    try:
        service = service_name(timer)
    except UsageError as error:
        return Pair(timer, None, name, str(error), is_of_user=is_of_user)
    template = _template(service)
    found = units.get(service) or units.get(template, [])
    if not found:
        problem = f"its {service} is not there; type: systemctl cat {name} {service}"
        return Pair(timer, None, name, problem, is_of_user=is_of_user)
    return Pair(timer, unit_file.read(service, found), name, is_of_user=is_of_user)


def _files(name: str, places: Places) -> Iterator[UnitFile]:
    """Yield a unit's file and its drop-ins; nothing if there is no such unit."""
    main = _main(name, places)
    if main is None:
        return
    yield UnitFile(main.name, _read(main))
    drop_ins: dict[str, Path] = {}
    for unit in dict.fromkeys((_template(name), name)):
        for folder in reversed(places.folders):
            for path in _conf_files(folder / f"{unit}.d"):
                drop_ins[path.name] = path
    for conf in sorted(drop_ins):
        yield UnitFile(f"{drop_ins[conf].parent.name}/{conf}", _read(drop_ins[conf]))


def _main(name: str, places: Places) -> Path | None:
    for each in dict.fromkeys((name, _template(name))):
        for folder in places.folders:
            path = folder / each
            if os.path.realpath(path) == "/dev/null":
                raise UsageError(f"{name}: masked, so systemd does not start it")
            if path.is_file():
                return path
    return None


def _template(name: str) -> str:
    stem, at, rest = name.partition("@")
    return f"{stem}@.{rest.rpartition('.')[2]}" if at else name


def _conf_files(folder: Path) -> Sequence[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == ".conf"]
    except OSError:
        return []


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except UnreadableFileError as error:
        raise UsageError(str(error)) from error


def _is_enabled(name: str, places: Places) -> bool:
    return any(
        os.path.lexists(wants / name)
        for folder in places.folders
        if folder.is_dir()
        for pattern in _ENABLED
        for wants in folder.glob(pattern)
    )


def _is_same(folder: Path, other: Path) -> bool:
    return os.path.realpath(folder) == os.path.realpath(other)
