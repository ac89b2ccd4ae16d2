"""When the last tick came, by every clock there is, and why none came for a while.

The heartbeat is one small line that every tick rewrites, the idle ones too: wall clock,
CLOCK_BOOTTIME, CLOCK_MONOTONIC (seconds each), and the kernel's boot id. Held against now, the
three clocks tell a machine that was off from one that slept, and both from a cron that was
silent or a wall clock that was set.
"""

import contextlib
import math
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from scheduled.system.machine import boot_id

FILE_NAME = "heartbeat"
STEP_SECONDS = 60.0
"""Wall clock and boot clock drift apart by less than this unless somebody sets the former."""


class Cause(StrEnum):
    """Why no tick came."""

    OFF = "machine off"
    ASLEEP = "machine asleep"
    SILENT = "cron silent"
    FORWARD = "clock set forward"
    BACK = "clock set back"


@dataclass(frozen=True)
class Heartbeat:
    """One moment, by every clock; seconds."""

    wall: float
    boottime: float
    monotonic: float
    boot_id: str

    @property
    def at(self) -> datetime:
        """The wall clock as an instant."""
        return datetime.fromtimestamp(self.wall, UTC)


@dataclass(frozen=True)
class Gap:
    """A time without ticks, longer than expected."""

    start: datetime
    end: datetime
    cause: Cause


def read_clocks(now: datetime) -> Heartbeat:
    """The clocks as they stand; the wall clock is the tick's own `now`."""
    return Heartbeat(
        now.timestamp(),
        time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)),
        time.monotonic(),
        boot_id(),
    )


def load(state_dir: Path) -> Heartbeat | None:
    """The heartbeat of the last tick; None before the first one, or where it cannot be read."""
    try:
        wall, boottime, monotonic, boot = (state_dir / FILE_NAME).read_text("ascii").split()
        clocks = float(wall), float(boottime), float(monotonic)
        found = Heartbeat(*clocks, boot)
        # `at` raises for what is beyond every calendar.
        return found if all(map(math.isfinite, clocks)) and found.at else None
    except (OSError, ValueError, OverflowError):
        return None


def save(state_dir: Path, now: Heartbeat) -> None:
    """Write it down. Not synced, and no error if it cannot be: it explains, it decides nothing."""
    line = f"{now.wall:.3f} {now.boottime:.3f} {now.monotonic:.3f} {now.boot_id or '-'}\n"
    with contextlib.suppress(OSError):
        state_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state_dir / FILE_NAME, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, os.pwrite(descriptor, line.encode("ascii"), 0))
        finally:
            os.close(descriptor)


def find_gap(before: Heartbeat | None, now: Heartbeat, limit: timedelta) -> Gap | None:
    """The time without ticks between two beats, if it is longer than `limit` or negative."""
    if before is None:
        return None
    away = now.wall - before.wall
    if 0 <= away <= limit.total_seconds():
        return None
    return Gap(before.at, now.at, _cause(before, now, away))


def _cause(before: Heartbeat, now: Heartbeat, away: float) -> Cause:
    if before.boot_id != (now.boot_id or "-"):
        return Cause.OFF if away >= 0 else Cause.BACK
    awake = now.monotonic - before.monotonic
    passed = now.boottime - before.boottime
    if away < passed - STEP_SECONDS:
        return Cause.BACK
    if away > passed + STEP_SECONDS:
        return Cause.FORWARD
    return Cause.ASLEEP if passed - awake > passed / 2 else Cause.SILENT
