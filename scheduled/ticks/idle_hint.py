"""The hint that a full tick leaves, from which the next one may find that it is idle."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from scheduled import idle
from scheduled.config.load import Config
from scheduled.quick_classes import NamedTuple
from scheduled.system.files import Stamp
from scheduled.ticks import shell_hint
from scheduled.ticks.report import Exit

GOOD_FOR = timedelta(days=1)
"""A full tick sees changes that no stamp shows, so there is one a day at least."""
RACE_SECONDS = 2.0
"""A file that changed this recently may change again without a new stamp."""


class IdleHint(NamedTuple):
    """What a full tick knows about the next one."""

    arguments: list[str]
    """Of the command; the hint is for the same command."""
    next_due: datetime | None
    """Until when nothing is due while no file changes; None for never."""
    tolerance: timedelta
    """After a longer gap the next tick is a full one, which records the gap."""
    interval: timedelta
    """How often a tick comes."""


def write(
    config: Config, hint: IdleHint, now: datetime, stamps: Mapping[Path, Stamp | None]
) -> None:
    """Write the hint, with the stamps of the configuration and `stamps` besides.

    Removes it instead if something is due now, or a file may have changed since it was read. A
    failed write is ignored; the next tick is a full one.
    """
    latest = now + GOOD_FOR
    due = min(hint.next_due or latest, latest)
    newest_safe = (now.timestamp() - RACE_SECONDS) * 1e9
    may_change = any(stamp and stamp[1] > newest_safe for stamp in config.stamps.values())
    if may_change or due <= now:
        remove(config)
        return
    code = Exit.USAGE if config.problems else Exit.OK
    state_dir, silence = str(config.places.state_dir), hint.tolerance.total_seconds()
    known = {**config.stamps, **{str(path): stamp for path, stamp in stamps.items()}}
    with suppress(OSError):
        idle.write_hint(
            state_dir,
            hint.arguments,
            due=due.timestamp(),
            silence=silence,
            code=code,
            stamps=known,
        )
        on_time = hint.interval.total_seconds() + shell_hint.LATE_SECONDS
        limits = shell_hint.Limits(due.timestamp(), min(silence, on_time), code)
        shell_hint.write(state_dir, hint.arguments, limits, known, newest_safe / 1e9)


def remove(config: Config) -> None:
    """Remove the hint: if this tick dies, the next one has to be a full one and notice."""
    idle.forget(str(config.places.state_dir))
