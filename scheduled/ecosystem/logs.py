"""Logs: their sizes, and the errors of the last hour by branch."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path

from scheduled.ecosystem.branch import LOGS
from scheduled.ecosystem.log_positions import ROTATED, ReadPositions
from scheduled.ecosystem.registry import Branch
from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.system.folder import Folder

SYSTEM_LOGS = "system_logs"

UNKNOWN = "(unknown)"
"""Whose errors no branch can be named for."""

# What cron redirects our own output to: counted, it would report our reports.
_OURS = re.compile(r"scheduled.*\.log(\.\d+)?")


class Oversized(NamedTuple):
    """A live log that was not rotated."""

    name: str
    size: int
    """Bytes."""


class LiveLogs(NamedTuple):
    """What a folder of logs tells at a glance."""

    oversized: list[Oversized]
    """By name."""
    newest: float | None
    """When one of them was last written to, epoch seconds; ours do not count."""


NO_LOGS = LiveLogs([], None)


def live_logs(folder: str | Path, limit: int) -> LiveLogs:
    """Return which `*.log` files in a folder have more than `limit` bytes, and the newest's time.

    Rotated logs (`x.log.1`, `x.log.2.gz`) may be of any size. Empty if there is no folder.
    """
    try:
        with Folder.open(folder) as place:
            names = [name for name in place.names() if name.endswith(".log")]
            logs = {name: _status(place, name) for name in names}
    except OSError:
        return NO_LOGS  # no logs there, or none that are ours to look at
    found = [(name, status) for name, status in logs.items() if status is not None]
    oversized = [Oversized(name, status.st_size) for name, status in found]
    written = [status.st_mtime for name, status in found if not _OURS.fullmatch(name)]
    return LiveLogs(
        sorted(log for log in oversized if log.size > limit), max(written, default=None)
    )


def newest_by_branch(root: Path, branches: Iterable[Branch]) -> dict[str, float]:
    """Return when each branch last wrote to a log in the common folder, epoch seconds."""
    newest: dict[str, float] = {}
    with suppress(OSError):
        entries = [*_entries(os.fspath(root / SYSTEM_LOGS))]
        owners = _Owners(branches if entries else ())
        for name, status in entries:
            if not _OURS.fullmatch(name):
                owner = owners.of(name)
                newest[owner] = max(status.st_mtime, newest.get(owner, status.st_mtime))
    return newest


def _status(folder: Folder, name: str) -> os.stat_result | None:
    """Return the status of a log; None if it is none."""
    try:
        status = folder.followed(name)
    except OSError:  # rotated away since, or a link of others
        return None
    return status if stat.S_ISREG(status.st_mode) else None


@dataclass
class Logs:
    """The result of a scan. Sizes are of live logs; rotated ones are counted separately."""

    total_size_bytes: int = 0
    file_count: int = 0
    rotated_size_bytes: int = 0
    rotated_count: int = 0
    recent_errors: int = 0
    recent_warnings: int = 0
    errors_by_branch: dict[str, int] = field(default_factory=dict)
    """Recent errors by branch; branches without any are left out."""
    problems: list[str] = field(default_factory=list)
    """Logs that could not be read."""


class LogFile(NamedTuple):
    """A log on disk, live or rotated."""

    path: str
    name: str
    branch: str
    """Whose it is."""
    status: os.stat_result


def scan(
    root: Path, branches: Iterable[Branch], now: datetime, zone: tzinfo, cache: Path
) -> Logs | None:
    """Return the logs of the ecosystem at `root` and its branches; None if there is no folder.

    `cache` is a file that may be missing or damaged: then more is read. The program's own logs
    count in the sizes, but not in the errors. Never raises for a log that cannot be read.
    """
    files = _files(root, list(branches))
    if files is None:
        return None
    positions = ReadPositions(cache, now, zone)
    logs = Logs()
    by_branch: Counter[str] = Counter()
    for file in files:
        _measure(file, logs)
        if _OURS.fullmatch(file.name):
            continue
        try:
            errors, warnings = positions.follow(file.path, file.status)
        except OSError as error:
            logs.problems.append(f"{file.path}: {reason_of(error)}")
            continue
        logs.recent_errors += errors
        logs.recent_warnings += warnings
        by_branch[file.branch] += errors
    logs.errors_by_branch = {name: count for name, count in sorted(by_branch.items()) if count}
    positions.save()
    return logs


def _files(root: Path, branches: list[Branch]) -> list[LogFile] | None:
    """Return the logs, live and rotated; None if there is no folder for any."""
    owners = _Owners(branches)
    folders: dict[str, str | None] = {os.fspath(root / SYSTEM_LOGS): None}
    for branch in branches:
        folders.setdefault(f"{branch.folder}/{LOGS}", branch.name)
    files: list[LogFile] = []
    folder_seen = False
    for folder, name in folders.items():
        with suppress(OSError):
            for log, status in _entries(folder):
                whose = name or owners.of(log)
                files.append(LogFile(f"{folder}/{log}", log, whose, status))
            folder_seen = True
    return files if folder_seen else None


def _entries(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with Folder.open(folder) as place:
        for name in sorted(place.names()):
            if not name.endswith(".log") and not ROTATED.fullmatch(name):
                continue
            with suppress(OSError):  # rotated away since, or a link to nowhere, or of others
                status = place.followed(name)
                if stat.S_ISREG(status.st_mode):
                    yield name, status


def _measure(file: LogFile, logs: Logs) -> None:
    if ROTATED.fullmatch(file.name):
        logs.rotated_size_bytes += file.status.st_size
        logs.rotated_count += 1
    else:
        logs.total_size_bytes += file.status.st_size
        logs.file_count += 1


class _Owners:
    """Which branch a log in the common folder belongs to: its name is `<branch>_<module>.log`."""

    def __init__(self, branches: Iterable[Branch]) -> None:
        self._names = {_plain(branch.name): branch.name for branch in branches}

    def of(self, log: str) -> str:
        """Return the branch with the longest name that the log's name begins with."""
        words = _plain(log.partition(".log")[0]).split("_")
        for length in range(len(words), 0, -1):
            name = self._names.get("_".join(words[:length]))
            if name is not None:
                return name
        return UNKNOWN


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
