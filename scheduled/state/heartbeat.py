"""When the last tick ran, by three clocks, and why there was none for a while.

The heartbeat is one line that every tick rewrites, also an idle one: wall clock, CLOCK_BOOTTIME,
CLOCK_MONOTONIC (seconds each), and the kernel's boot id. Compared with the present, they tell a
machine that was off from one that was asleep, a cron that did not run, and a clock that was set.

A shell cannot read CLOCK_MONOTONIC. Its idle ticks write `-` instead, and after the boot id
CLOCK_BOOTTIME and CLOCK_MONOTONIC of the last tick that could: the machine was not asleep since, as
a shell takes no tick for idle that comes half a minute late.
"""

import contextlib
import math
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from scheduled.quick_classes import NamedTuple
from scheduled.state.document import State
from scheduled.system import private
from scheduled.system.machine import boot_id
from scheduled.timing.instants import parse_utc

FILE_NAME = "heartbeat"
UNREAD = "cache/unread-config"
"""In the state directory: the note of ticks that could not read the configuration."""
LOCKED_OUT = "cache/locked-out"
"""The note of ticks that waited in vain for the lock of the state."""
STEP_SECONDS = 60.0
"""Wall clock and boot clock drift apart by less than this unless the wall clock is set."""


class Cause(StrEnum):
    """Why there was no tick, as the journal has it."""

    OFF = "machine off"
    ASLEEP = "machine asleep"
    SILENT = "cron silent"
    FORWARD = "clock set forward"
    BACK = "clock set back"
    BROKEN = "configuration broken"  # ticks came and could not read it
    LOCKED = "state locked"  # ticks came, and another process held the lock all the while
    HOST_CHANGED = "host changed"  # another host had the state, and this one has adopted it


CAUSES = {UNREAD: Cause.BROKEN, LOCKED_OUT: Cause.LOCKED}
"""The notes of ticks that could do nothing, with what kept them from it."""


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


class Stretch(NamedTuple):
    """Ticks that came in a row and could do nothing."""

    first: Heartbeat
    last: Heartbeat
    cause: Cause = Cause.BROKEN


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
        return parsed(private.read(state_dir / FILE_NAME).decode("ascii"))
    except (OSError, ValueError):
        return None


def last_tick(state_dir: Path, state: State) -> datetime | None:
    """Return when the last tick came, idle or not, by all that is noted; None if none is."""
    beat, ticked = load(state_dir), parse_utc(state["ticks"].get("last"))
    seen = [instant for instant in (ticked, beat.at if beat else None) if instant is not None]
    return max(seen, default=None)


def parsed(line: str) -> Heartbeat | None:
    """Return the heartbeat of a line; None if it is none."""
    try:
        wall, boottime, awake, boot, *before = line.split()
        if awake == "-":
            booted_before, awake_before = map(float, before)
            monotonic = float(boottime) - (booted_before - awake_before)
        elif not before:
            monotonic = float(awake)
        else:
            return None
        clocks = float(wall), float(boottime), monotonic
        beat = Heartbeat(*clocks, boot)
        # `at` raises OverflowError for what is no date.
        return beat if all(map(math.isfinite, clocks)) and beat.at else None
    except (ValueError, OverflowError):
        return None


def line(beat: Heartbeat) -> str:
    """Return the line of a heartbeat."""
    return f"{beat.wall!r} {beat.boottime:.3f} {beat.monotonic:.3f} {beat.boot_id or '-'}\n"


def save(state_dir: Path, now: Heartbeat) -> None:
    """Write the heartbeat, without a sync. A failed write is ignored: nothing is decided by it."""
    with contextlib.suppress(OSError):
        private.make_folder(state_dir)
        descriptor = private.open_file(state_dir / FILE_NAME, os.O_WRONLY | os.O_CREAT)
        try:
            os.ftruncate(descriptor, os.pwrite(descriptor, line(now).encode("ascii"), 0))
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


def find_gaps(
    before: Heartbeat | None, in_vain: Sequence[Stretch], now: Heartbeat, limit: timedelta
) -> list[Gap]:
    """Return the gap between two heartbeats, as `find_gap` does, divided by its causes.

    In the stretches `in_vain`, oldest first, ticks came and could do nothing.
    """
    gap = find_gap(before, now, limit)
    if gap is None or before is None:
        return []
    inside = [
        ticks._replace(first=max(before, ticks.first))
        for ticks in in_vain
        if before.wall <= ticks.last.wall and ticks.first.wall <= ticks.last.wall
    ]
    stretches = [Stretch(before, before), *inside, Stretch(now, now)]
    if not inside or inside[-1].last.wall > now.wall:
        return [gap]
    gaps: list[Gap] = []
    for earlier, later in pairwise(stretches):
        silence = find_gap(earlier.last, later.first, limit)
        ticks = later if earlier is stretches[0] else earlier
        cause = silence.cause if silence is not None else ticks.cause
        _add(gaps, Gap(earlier.first.at, earlier.last.at, earlier.cause))
        _add(gaps, Gap(earlier.last.at, later.first.at, cause))
    return gaps


def _add(gaps: list[Gap], gap: Gap) -> None:
    """Add a gap, as a part of the one before it if the cause is the same."""
    if gaps and gaps[-1].cause is gap.cause:
        gaps[-1] = gaps[-1]._replace(end=gap.end)
    elif gap.start < gap.end:
        gaps.append(gap)


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
