"""Files of the state folder that are kept aside when something else takes their place."""

from datetime import datetime
from pathlib import Path

from scheduled.errors import StateError, reason_of
from scheduled.system import private

REASONS = ("corrupt", "replaced")
"""Why an old file was kept: it could not be used, or something else counts instead."""


def path_aside(path: Path, why: str, now: datetime) -> Path:
    """Return where a file is kept; `why` is one of REASONS."""
    return path.with_name(f"{path.name}.{why}-{now:%Y%m%dT%H%M%SZ}")


def move(path: Path, now: datetime) -> Path:
    """Move a file that cannot be used; return where it is now."""
    return path.rename(path_aside(path, "corrupt", now))


def keep_copy(path: Path, now: datetime) -> Path | None:
    """Copy a file, so that there is one at every instant; None if it is missing.

    Raises StateError if it cannot be copied.
    """
    copy = path_aside(path, "replaced", now)
    try:
        private.replace(copy, private.read(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = reason_of(error)
        raise StateError(
            f"{copy}: cannot be written: {reason}; nothing was changed",
            trouble=f"{path}: cannot be copied: {reason}",
        ) from error
    return copy
