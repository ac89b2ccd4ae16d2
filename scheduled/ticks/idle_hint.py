"""The hint a full tick leaves, by which the next one may find that it is idle."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from scheduled import idle
from scheduled.config.load import Config
from scheduled.system.files import Stamp

GOOD_FOR = timedelta(days=1)
"""Not everything a full tick sees has a stamp: once a day one looks, whatever is due."""
RACE_SECONDS = 2.0
"""A file changed this short a time ago may change again without a new stamp."""


def write(
    config: Config,
    arguments: list[str],
    now: datetime,
    due: datetime | None,
    patience: timedelta,
    ours: Mapping[Path, Stamp | None],
) -> None:
    """Say that nothing is due before `due` (None: within a day) while no file changes.

    Without a tick for longer than `patience` the next one is a full one, which explains that.

    `arguments` is how this tick was called; `ours` are stamps besides those of the
    configuration. Where something waits now, or may have changed under our eyes, no hint is
    left. Not being able to leave one is no error: the next tick is a full one then.
    """
    due = min(due or now + GOOD_FOR, now + GOOD_FOR)
    state_dir = str(config.places.state_dir)
    fresh = (now.timestamp() - RACE_SECONDS) * 1e9
    in_flux = any(stamp and stamp[1] > fresh for stamp in config.stamps.values())
    if in_flux or due <= now:
        remove(config)
        return
    with suppress(OSError):
        idle.write_hint(
            state_dir,
            arguments,
            due=due.timestamp(),
            silence=patience.total_seconds(),
            stamps={**config.stamps, **{str(path): stamp for path, stamp in ours.items()}},
        )


def remove(config: Config) -> None:
    """Have the next tick be a full one: should this one die, that one is to notice."""
    idle.forget(str(config.places.state_dir))
