"""What the first part of an id permits its job: levels, and the limits of each (pure).

An id is known by the longest prefix that it begins with; an id that has none belongs to the owner,
and its job may do whatever the owner may. Only a configuration that is read anew and a run of such
a job ask here: everything else finds the level in `Job.level`.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from scheduled.quick_classes import NamedTuple


class Level(StrEnum):
    """What a job may do."""

    SYSTEM = "system"  # whatever the owner may: upkeep of the machine, built-in or not
    RESTRICTED = "restricted"  # little: it is somebody's, and may mean harm
    LIMITED = "limited"  # what the owner may, but not use up the machine
    UNRESTRICTED = "unrestricted"  # whatever the owner may


CONFINED = frozenset((Level.RESTRICTED.value, Level.LIMITED.value))
"""The levels whose runs have limits."""
PREFIXES: Mapping[str, Level] = {
    "maintenance.*": Level.SYSTEM,
    "security.*": Level.SYSTEM,
    "user.*": Level.RESTRICTED,
    "custom.*": Level.RESTRICTED,
    "agency.*": Level.LIMITED,
}
ANYWHERE = "anywhere"
"""The value of `write` that leaves it to the permissions of files."""
FULL, REDUCED = "full", "reduced"
_GIB = 1024**3
_HOUR = 3600.0


class Limits(NamedTuple):
    """What a run is held to. None: no limit."""

    environment: str = FULL
    user: str | None = None
    """Whom it runs as, where root runs it; None: root."""
    write: str | tuple[str, ...] = ANYWHERE
    """The directories that it may write to besides its temporary one."""
    memory: int | None = None
    """Bytes of address space, of each process."""
    file_size: int | None = None
    """Bytes, of each file that it writes."""
    processes: int | None = None
    """How many more processes and threads its user may have than when it starts."""
    cpu_time: float | None = None
    """Seconds, of each process."""


LEVELS: Mapping[str, Limits] = {
    Level.RESTRICTED: Limits(REDUCED, "nobody", (), 4 * _GIB, _GIB, 64, _HOUR),
    Level.LIMITED: Limits(FULL, None, ANYWHERE, 8 * _GIB, 10 * _GIB, 512, 6 * _HOUR),
}
"""What the two levels are held to where nothing else is configured."""
Permissions = Mapping[str, Mapping[str, Any]]
"""`permissions` as it is configured: settings by level, by prefix (`user.*`) and by id."""


def is_name(text: str) -> bool:
    """Return whether this is a prefix or an id, and not a level: both have a dot."""
    return "." in text


def level_of(job: str, permissions: Permissions | None) -> str:
    """Return the level of a job; '' for that of an owner's job, which nothing is said about."""
    if "." not in job:
        return ""
    given = permissions or {}
    for name in _names_of(job):
        level = given.get(name, {}).get("level") or PREFIXES.get(name)
        if level is not None:
            return "" if level == Level.UNRESTRICTED else str(level)
    return ""


def level_of_builtin(job: str, permissions: Permissions | None) -> str:
    """Return the level of a built-in job: no setting takes from it what it needs to work."""
    shipped = level_of(job, None)
    return shipped if shipped not in CONFINED else level_of(job, permissions)


def limits_of(job: str, level: str, permissions: Permissions | None) -> Limits:
    """Return what a run of a confined job is held to: what is said of its id before its level."""
    given = permissions or {}
    values = dict(given.get(level, {}))
    for name in reversed([*_names_of(job)]):
        values |= given.get(name, {})
    values.pop("level", None)
    if isinstance(values.get("write"), list):  # JSON has no tuples
        values["write"] = tuple(values["write"])
    return LEVELS[level]._replace(**values)


def is_said(key: str, job: str, level: str, permissions: Permissions | None) -> bool:
    """Return whether somebody has configured this limit for a job, and no default counts."""
    given = permissions or {}
    return any(key in given.get(name, {}) for name in (level, *_names_of(job)))


def _names_of(job: str) -> Iterator[str]:
    """Yield the names under which something may be said of a job: its own, then its prefixes."""
    yield job
    parts = job.split(".")
    for length in range(len(parts) - 1, 0, -1):
        yield ".".join((*parts[:length], "*"))


def in_words(limits: Limits) -> str:
    """Return limits as a configuration has them, for people."""
    return ", ".join(
        f"{key} {_word_of(key, value)}" for key, value in zip(limits._fields, limits, strict=True)
    )


def _word_of(key: str, value: Any) -> str:
    if value in (None, ()):
        return "none"
    if key in ("memory", "file_size"):
        return _size(value)
    if key == "cpu_time":
        return f"{value:g} s"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _size(count: int) -> str:
    for power, unit in ((4, "T"), (3, "G"), (2, "M"), (1, "K")):
        if count % 1024**power == 0:
            return f"{count // 1024**power}{unit}"
    return str(count)
