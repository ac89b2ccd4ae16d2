"""What the start of a tick records: why nothing ran for a while, and what a wrong clock left."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from scheduled.errors import ScheduledError
from scheduled.jobs.model import Job
from scheduled.state import events, heartbeat, present, tick_events
from scheduled.state.document import State
from scheduled.state.heartbeat import Cause, Gap, Heartbeat, Stretch
from scheduled.state.present import Ahead
from scheduled.state.store import Store
from scheduled.state.tick_interval import Cadence
from scheduled.system import private
from scheduled.timing.instants import parse_utc

MOST_WARNINGS = 10
"""Of one tick, about instants in the future."""


def record_gaps(store: Store, beat: Heartbeat, cadence: Cadence, now: datetime) -> bool:
    """Record why nothing ran since the last heartbeat, if that is too long ago; return whether.

    Raises LockedError or StateError.
    """
    last = heartbeat.load(store.state_dir)
    tolerance = cadence.tolerance(last.at if last else None)
    gaps = heartbeat.find_gaps(last, _in_vain(store), beat, tolerance)
    explained = [
        tick_events.gap_explained(gap.start, gap.end, _cause(gap, store.state).value)
        for gap in gaps
    ]
    if explained:
        store.record(now, *explained)
    return bool(explained)


def _cause(gap: Gap, state: State) -> Cause:
    """Return the cause of a gap: of one that began on another host, this one's clocks say none."""
    since = parse_utc(state.get("owner", {}).get("since"))
    if since is None or not gap.start <= since <= gap.end:
        return gap.cause
    is_silence = gap.cause in (Cause.OFF, Cause.ASLEEP, Cause.SILENT)
    return Cause.HOST_CHANGED if is_silence else gap.cause


def forget(store: Store, note: str) -> None:
    """Remove a note of ticks that could do nothing; they are on record now."""
    with contextlib.suppress(OSError):
        private.remove(store.state_dir / note)


def note_locked_out(state_dir: Path, now: datetime) -> None:
    """Note that a tick came and waited in vain for the lock of the state. Never raises."""
    from scheduled.state import ticks_in_vain

    with contextlib.suppress(OSError, ScheduledError):
        ticks_in_vain.note(state_dir, heartbeat.read_clocks(now), heartbeat.LOCKED_OUT)


def _in_vain(store: Store) -> list[Stretch]:
    if not any(os.path.lexists(store.state_dir / name) for name in heartbeat.CAUSES):
        return []
    from scheduled.state import ticks_in_vain

    return ticks_in_vain.load_all(store.state_dir)


def reset_future(store: Store, jobs: Iterable[Job], now: datetime) -> list[str]:
    """Bring back what was noted under a clock that was ahead; return a warning for each job.

    Raises LockedError or StateError.
    """
    delays = {job.id: job.max_retry_delay for job in jobs}
    found = present.ahead(store.state, now, delays)
    if not found:
        return []
    with store.locked():
        found = present.ahead(store.state, now, delays)
        if found:
            store.write(now, events.instants_reset(found))
    return _warnings(found)


def _warnings(found: Iterable[Ahead]) -> list[str]:
    by_owner: dict[str, list[Ahead]] = {}
    for instant in found:
        by_owner.setdefault(instant.owner, []).append(instant)
    warnings = [_warning(owner, instants) for owner, instants in by_owner.items()]
    more = len(warnings) - MOST_WARNINGS
    if more > 0:
        warnings[MOST_WARNINGS:] = [f"{more} more jobs had instants in the future as well"]
    return warnings


def _warning(owner: str, instants: Sequence[Ahead]) -> str:
    if len(instants) == 1:
        (instant,) = instants
        return (
            f"{owner}: {'.'.join(map(str, instant.path[-2:]))} was {instant.before}, in the"
            f" future; the clock was wrong then, and {instant.after} counts in its place"
        )
    latest = max(instant.before for instant in instants)
    return (
        f"{owner}: {len(instants)} instants were in the future, up to {latest};"
        " the clock was wrong then, and they are set right"
    )
