"""When the last tick ran, by three clocks, and why there was none for a while.

The heartbeat is one line that every tick rewrites, also an idle one: wall clock, CLOCK_BOOTTIME,
CLOCK_MONOTONIC (seconds each), and the kernel's boot id. Compared with the present, they tell a
machine that was off from one that was asleep, a cron that did not run, and a clock that was set.
"""

import contextlib
import math
import os
import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from scheduled.system import private
from scheduled.system.machine import boot_id

FILE_NAME = "heartbeat"
STEP_SECONDS = 60.0
"""Wall clock and boot clock drift apart by less than this unless the wall clock is set."""


class Cause(StrEnum):
    """Why there was no tick, as the journal has it."""

    OFF = "machine off"
    ASLEEP = "machine asleep"
    SILENT = "cron silent"
    FORWARD = "clock set forward"
    BACK = "clock set back"


class Heartbeat(NamedTuple):
    """One instant by three clocks, in seconds."""

    wall: float
    boottime: float
    monotonic: float
    boot_id: str

    @property
    def at(self) -> datetime:
        """The wall clock as an instant."""
        return datetime.fromtimestamp(self.wall, UTC)


class Gap(NamedTuple):
    """A time without ticks that was longer than expected."""

    start: datetime
    end: datetime
    cause: Cause


def read_clocks(now: datetime) -> Heartbeat:
    """Return what the clocks show; the wall clock is the tick's own `now`."""
    return Heartbeat(
        now.timestamp(),
        time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)),
        time.monotonic(),
        boot_id(),
    )


def load(state_dir: Path) -> Heartbeat | None:
    """Return the heartbeat of the last tick; None if there is none that can be read."""
    try:
        wall, boottime, monotonic, boot = (
            private.read(state_dir / FILE_NAME).decode("ascii").split()
        )
        clocks = float(wall), float(boottime), float(monotonic)
        beat = Heartbeat(*clocks, boot)
        # `at` raises OverflowError for what is no date.
        return beat if all(map(math.isfinite, clocks)) and beat.at else None
    except (OSError, ValueError, OverflowError):
        return None


def save(state_dir: Path, now: Heartbeat) -> None:
    """Write the heartbeat, without a sync. A failed write is ignored: nothing is decided by it."""
    line = f"{now.wall!r} {now.boottime:.3f} {now.monotonic:.3f} {now.boot_id or '-'}\n"
    with contextlib.suppress(OSError):
        private.make_folder(state_dir)
        descriptor = private.open_file(state_dir / FILE_NAME, os.O_WRONLY | os.O_CREAT)
        try:
            os.ftruncate(descriptor, os.pwrite(descriptor, line.encode("ascii"), 0))
        finally:
            os.close(descriptor)


def find_gap(before: Heartbeat | None, now: Heartbeat, limit: timedelta) -> Gap | None:
    """Return the gap between two heartbeats if it is longer than `limit` or negative.

    A step back of less than a minute, as NTP makes, is none.
    """
    if before is None:
        return None
    away = now.wall - before.wall
    if 0 <= away <= limit.total_seconds() or _is_small_step(before, now, away):
        return None
    return Gap(before.at, now.at, _cause(before, now, away))


def _is_small_step(before: Heartbeat, now: Heartbeat, away: float) -> bool:
    """Return whether the clock was set back, by less than is told from drift."""
    same_boot = before.boot_id == (now.boot_id or "-")
    passed = now.boottime - before.boottime if same_boot else 0.0
    return away < 0 and passed - away <= STEP_SECONDS


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
