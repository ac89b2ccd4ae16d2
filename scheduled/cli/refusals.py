"""How often a tick says that the state is not its own: cron would mail it each minute.

On a terminal always. Elsewhere at each full hour, and when it was not said for an hour; for that
there is a note in the user's cache directory, since the state directory belongs to somebody else.
"""

import os
import sys
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from scheduled.system import files, user_dirs
from scheduled.timing.instants import format_utc, parse_utc

OFTEN = timedelta(hours=1)
TICKS = ("run", "daily-report")
"""The commands that cron calls."""


def is_news(sentence: str, now: datetime, environ: Mapping[str, str]) -> bool:
    """Return whether a refused tick is to print `sentence`, and note that it does."""
    if sys.stderr.isatty():
        return True
    note = _note(sentence, environ)
    if now.minute != 0 and note is not None and _was_told(note, now):
        return False
    if note is None or not _written(note, now):
        return now.minute == 0
    return True


def _note(sentence: str, environ: Mapping[str, str]) -> Path | None:
    """Return where the note is; None if this user has no cache directory of their own."""
    name = f"refused-{zlib.crc32(sentence.encode('utf-8', 'surrogateescape')):08x}"
    for folder in (
        user_dirs.xdg(environ, "XDG_CACHE_HOME", ".cache"),
        user_dirs.home({}) / ".cache",
    ):
        if _is_ours(folder):
            return folder / "scheduled" / name
    return None


def _is_ours(folder: Path) -> bool:
    """Return whether what is made in a directory, or above it, is made in one of our own."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            return place.stat().st_uid == os.geteuid()
    return False


def _was_told(note: Path, now: datetime) -> bool:
    try:
        told = parse_utc(files.read_stamped(note)[1].decode())
    except (OSError, ValueError):
        return False
    return told is not None and timedelta(0) <= now - told < OFTEN


def _written(note: Path, now: datetime) -> bool:
    try:
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(note, (format_utc(now) or "").encode(), mode=0o600)
    except OSError:
        return False
    return True
