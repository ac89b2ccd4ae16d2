"""The lease file of a run elsewhere: until when its command may live on there, and where.

The proxy of a run writes the file before it sends the command, and again with each beat. So without
the file nothing was started, and until the lease has run out the run is not over, whatever has been
killed on this machine. The clock is CLOCK_BOOTTIME, which nobody sets.
"""

import errno
import json
import math
import os
import time
from pathlib import Path
from typing import Any

from scheduled.errors import UnreadableFileError
from scheduled.quick_classes import NamedTuple
from scheduled.system import machine, private

SUFFIX = ".lease"
MARGIN_SECONDS = 7.0
"""How long it may take, after lease and grace, until all of a command is dead."""
POLL_SECONDS = 0.2
LONGEST_SECONDS = 3600 + 8 + MARGIN_SECONDS
"""How long the longest lease may last, with the grace for a command that is told to end."""
ROOM = 2048
"""Bytes of the file, padded with blanks."""


class Lease(NamedTuple):
    """How long a command may live on elsewhere after the last beat."""

    seconds: float
    """After this time without a beat all of it is dead."""
    where: dict[str, Any]
    """The executor, and what is known of the place: `host`, `user`, `worker`, `pid`."""
    beat: float = 0.0
    """When the last beat was sent, in seconds since the machine was started."""
    boot_id: str = ""

    @classmethod
    def begun(cls, lease: float, grace: float, where: dict[str, Any]) -> "Lease":
        """Return a lease that begins now."""
        return cls(lease + grace + MARGIN_SECONDS, where).beaten()

    def beaten(self) -> "Lease":
        """Return the lease as renewed by a beat that is sent now."""
        return self._replace(beat=uptime(), boot_id=machine.boot_id())

    @property
    def seconds_left(self) -> float:
        """For how long the command may still live on."""
        is_of_this_boot = self.boot_id == machine.boot_id()
        beat = self.beat if is_of_this_boot else 0.0
        return max(beat + self.seconds - uptime(), 0.0)


def uptime() -> float:
    """Return the seconds since the machine was started, including those asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def path_of(output: Path) -> Path:
    """Return the path of the lease of a run, beside its output."""
    return output.with_suffix(SUFFIX)


def begin(path: str | Path, lease: Lease) -> None:
    """Write the file, synced, before anything is sent. Raises OSError.

    Later beats are written without a sync: after a power cut the boot id is another one, and the
    lease counts from the start of the machine.
    """
    private.replace(Path(path), _encoded(lease))


def write(path: str | Path, lease: Lease) -> None:
    """Replace the file; on a full disk, overwrite it. Raises OSError.

    It always has the same size, and all that changes is the time of the beat, or a pid is added.
    """
    data = _encoded(lease)
    try:
        private.replace(Path(path), data, synced="nothing")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _overwrite(path, data, error)


def _overwrite(path: str | Path, data: bytes, error: OSError) -> None:
    try:
        descriptor = private.open_file(path, os.O_WRONLY)
    except FileNotFoundError:
        raise error from None
    try:
        os.pwrite(descriptor, data, 0)
    finally:
        os.close(descriptor)


def read(path: str | Path) -> Lease | None:
    """Return the lease of a run; None if its command was never sent.

    Of a file that is damaged nothing is known but its age: it counts as the longest lease.
    """
    try:
        stamp, data = private.read_stamped(path)
    except (OSError, UnreadableFileError):
        return None
    return _decoded(data) or _damaged(stamp[1] / 1e9)


def _damaged(written: float) -> Lease:
    """Return the longest lease, as renewed when its file was written, in seconds since 1970."""
    age = max(time.time() - written, 0.0)  # noqa: TID251 - files have no other clock
    return Lease(LONGEST_SECONDS, {}, uptime() - age, machine.boot_id())


def seconds_left(path: str | Path) -> float:
    """Return for how many seconds the command of a run may still live on elsewhere."""
    lease = read(path)
    return lease.seconds_left if lease is not None else 0.0


def wait_out(path: str | Path) -> None:
    """Wait until nothing of a run can be alive elsewhere."""
    while (left := seconds_left(path)) > 0:
        time.sleep(min(left, POLL_SECONDS))


def _encoded(lease: Lease) -> bytes:
    return json.dumps(lease._asdict()).encode().ljust(ROOM)


def _decoded(data: bytes) -> Lease | None:
    try:
        found = json.loads(data)
        lease = Lease(
            float(found["seconds"]), dict(found["where"]), float(found["beat"]), found["boot_id"]
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    is_sound = math.isfinite(lease.seconds) and math.isfinite(lease.beat)
    return lease if is_sound and lease.seconds <= LONGEST_SECONDS else None
