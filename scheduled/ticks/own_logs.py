"""The logs that a tick rotates: what its output is appended to, and `log_file`.

Of an output, only a file that is meant for it: by its name, `scheduled.log` or the like, or because
a line of the crontab or a unit names it. Any other may be in use by programs that would not notice.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import log_rotation
from scheduled.system.stamp_cache import StampCache

_OURS = re.compile(r"scheduled.*\.log")
_CACHE_VERSION = 1


class OpenLog(NamedTuple):
    """A log as it is open in this process."""

    path: str
    status: os.stat_result


def of_output(environ: Mapping[str, str], descriptors: tuple[int, ...]) -> Iterator[OpenLog]:
    """Yield the files that the output of this process is appended to and that may be renamed."""
    logs = {log.path: log for log in map(_appended, descriptors) if log is not None}
    others = [path for path in logs if not _OURS.fullmatch(os.path.basename(path))]
    if others:
        from scheduled.installation import tick_logs

        named = tick_logs.named(environ)
        for path in others:
            if path not in named:
                del logs[path]
    yield from logs.values()


class Rotation:
    """Rotates logs by the limits of `log_rotation`."""

    def __init__(self, limits: Mapping[str, Any], cache_dir: Path, now: datetime) -> None:
        self._limits = limits
        self._now = now.timestamp()
        self._cache = StampCache(cache_dir / "logs", _CACHE_VERSION, private=True)

    def rotate(
        self, log: OpenLog, complain: Callable[[str], object], *, by_age: bool = False
    ) -> None:
        """Rotate a log that is too large, or, with `by_age`, too old."""
        is_due = log.status.st_size > self._limits["size"]
        if by_age and log.status.st_size:
            is_due |= self._now - self._begun(log) >= self._limits["age"]
        if not is_due:
            return
        try:
            log_rotation.rotate(log.path, log.status, self._limits["count"])
        except OSError as error:
            complain(f"{log.path}: cannot be rotated: {reason_of(error)}")

    def save(self) -> None:
        """Save when each log was first seen."""
        self._cache.save()

    def _begun(self, log: OpenLog) -> float:
        """Return when the log was first seen not to be empty, in epoch seconds."""
        stamp = (0, 0, log.status.st_ino)
        facts = self._cache.recall(log.path, stamp)
        since = float(facts[0]) if facts else self._now
        if not facts or since > self._now:  # the clock was ahead
            since = self._now
            self._cache.keep(log.path, stamp, [since])
        return since


def _appended(descriptor: int) -> OpenLog | None:
    """Return the file that an open descriptor appends to, if it still has its name."""
    import fcntl

    try:
        status = os.fstat(descriptor)
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        if not stat.S_ISREG(status.st_mode) or not flags & os.O_APPEND:
            return None
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        named = os.lstat(path)
    except OSError:  # closed, or no /proc
        return None
    is_same = (named.st_dev, named.st_ino) == (status.st_dev, status.st_ino)
    return OpenLog(path, status) if is_same else None
