"""Whether anything runs on this machine that could call the next tick: a look at /proc."""

import os

from scheduled.quick_classes import NamedTuple

CRONS = frozenset({"cron", "crond", "fcron", "bcron-start", "dcron", "supercronic"})
"""Programs that run crontabs, as the kernel calls their processes."""
GENERATORS = ("/usr/lib/systemd/system-generators", "/lib/systemd/system-generators")
"""Where systemd-cron has the program by which systemd runs crontabs without a daemon."""
_MULTICALL = "busybox"


class Callers(NamedTuple):
    """What runs of all that could call a tick."""

    cron: bool
    """A cron daemon."""
    timers: bool
    """The systemd of this user, or of the machine for root."""


def running() -> Callers | None:
    """Return what runs; None where that cannot be seen: without /proc, or if it hides others."""
    first = _read("/proc/1/comm")
    if first is None:
        return None
    has_timers = False
    has_cron = first == "systemd" and any(map(_has_systemd_cron, GENERATORS))
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        command = _read(f"/proc/{name}/comm")
        if command == _MULTICALL:
            words = (_read(f"/proc/{name}/cmdline") or "").split("\0")
            command = words[1] if len(words) > 1 else command
        has_cron = has_cron or (command in CRONS and not _is_dead(name))
        has_timers = has_timers or (command == "systemd" and _owner(name) == os.geteuid())
    return Callers(has_cron, has_timers)


def _has_systemd_cron(folder: str) -> bool:
    return os.path.exists(f"{folder}/systemd-crontab-generator")


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().rstrip("\n")
    except OSError:
        return None


def _is_dead(process: str) -> bool:
    """Return whether a process has ended and is left over, as in a container without an init."""
    return not _read(f"/proc/{process}/cmdline")


def _owner(process: str) -> int | None:
    try:
        return os.stat(f"/proc/{process}").st_uid
    except OSError:
        return None
