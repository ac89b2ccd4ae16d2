"""How often a tick prints why it could do nothing: cron would mail it each minute.

On a terminal always. Elsewhere at each full hour, and when it was not printed for an hour. That is
remembered by a note in the user's cache directory, for the state directory may be somebody else's,
full, or read-only. The note is an empty file: a name needs no block of a full disk.
"""

import os
import sys
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.errors import (
    LockedError,
    NewerFormatError,
    ScheduledError,
    StateError,
    is_no_space,
)
from scheduled.system import files, user_dirs

if TYPE_CHECKING:
    from scheduled.cli.context import Session

OFTEN = timedelta(hours=1)
PREFIX = "refused-"


def is_error_news(session: "Session", error: ScheduledError, *, was_saved: bool = False) -> bool:
    """Return whether a tick is to print the error that ended it, or stopped it half-way.

    `was_saved` tells that it could save the state all the same.
    """
    if session.verbose:
        return True
    # A full disk stops one tick earlier than another, by what still finds room.
    trouble = "no space" if is_no_space(error) else error.trouble
    is_of_state = isinstance(error, StateError | LockedError)
    if is_of_state and not was_saved and not isinstance(error, NewerFormatError):
        # A tick that goes well replaces the state: what comes again after it is new.
        trouble += f" since {_state_as_it_is(session)}"
    return is_news(trouble, session.now, session.environ)


def is_news(trouble: str, now: datetime, environ: Mapping[str, str]) -> bool:
    """Return whether a tick is to print what tells of `trouble`, and note that it does.

    Without a place for the note it is always printed.
    """
    if sys.stderr.isatty():
        return True
    note = _note(trouble, environ)
    if note is None or (now.minute != 0 and _was_told(note, now)):
        return note is None
    with suppress(OSError):
        _write(note, now)
        _remove_old(note, now)
    return True


def _state_as_it_is(session: "Session") -> str:
    from scheduled.state.store import FILE_NAME

    try:
        path = session.config.places.state_dir / FILE_NAME
    except ScheduledError:
        return ""
    return f"{path} {files.stamp(path)}"


def _note(trouble: str, environ: Mapping[str, str]) -> Path | None:
    """Return where the note is; None if this user has no cache directory of their own."""
    name = f"{PREFIX}{zlib.crc32(trouble.encode('utf-8', 'surrogateescape')):08x}"
    for folder in (
        user_dirs.xdg(environ, "XDG_CACHE_HOME", ".cache"),
        user_dirs.home({}) / ".cache",
    ):
        if _is_ours(folder):
            return folder / "scheduled" / name
    return None


def _is_ours(folder: Path) -> bool:
    """Return whether a directory is ours, or can be made in one of ours; a home is not made."""
    for place in (folder, folder.parent):
        with suppress(OSError):
            return place.stat().st_uid == os.geteuid()
    return False


def _was_told(note: Path, now: datetime) -> bool:
    try:
        told = datetime.fromtimestamp(note.lstat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return False
    return timedelta(0) <= now - told < OFTEN


def _write(note: Path, now: datetime) -> None:
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(note, flags, 0o600)
    try:
        os.utime(descriptor, (now.timestamp(), now.timestamp()))
    finally:
        os.close(descriptor)


def _remove_old(note: Path, now: datetime) -> None:
    """Remove the notes that do not count any more."""
    for other in note.parent.glob(f"{PREFIX}*"):
        if now.timestamp() - other.lstat().st_mtime >= OFTEN.total_seconds():
            other.unlink()
