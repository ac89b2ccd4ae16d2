"""State and journal in one archive, as they were at one instant."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from scheduled.errors import StateError, UsageError, reason_of
from scheduled.state.maintenance import inventory
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.system import files, locks

MODE = 0o600
"""Results and output of jobs are nobody else's business."""


@dataclass(frozen=True)
class _Part:
    found: StateFile
    stream: BinaryIO
    size: int


def default_name(now: datetime) -> str:
    """What a backup is called if nobody says."""
    return f"scheduled-backup-{now:%Y%m%dT%H%M%SZ}.tar.gz"


def write(state_dir: Path, target: Path, now: datetime) -> list[str]:
    """Pack state and journal into the new file `target`; the names of what is in it.

    To be unpacked in an empty state folder. Raises UsageError where the file is there already or
    cannot be written, and StateError where there is nothing to pack.
    """
    if target.exists():
        raise UsageError(f"{target}: is there already; name another file")
    with _parts(state_dir) as parts:
        if not parts:
            raise StateError(f"{state_dir}: neither state nor journal; there is nothing to back up")
        try:
            with files.replacing(target, mode=MODE) as stream:
                _pack(stream, state_dir, parts, now)
        except OSError as error:
            reason = reason_of(error)
            raise UsageError(
                f"{target}: cannot be written: {reason}; nothing is left of it"
            ) from error
        return [str(one.found.path.relative_to(state_dir)) for one in parts]


@contextmanager
def _parts(state_dir: Path) -> Iterator[list[_Part]]:
    """The files, opened while nobody writes to them.

    Ticks may go on after that: a journal only grows, so what it had then is at its beginning
    still, and a state is never written into, but replaced.
    """
    with ExitStack() as opened:
        with locks.journal(state_dir) if state_dir.is_dir() else ExitStack():
            found = inventory.of_kind(
                inventory.list_files(state_dir), FileKind.STATE, FileKind.JOURNAL
            )
            parts = [_opened(one, opened) for one in found]
        yield parts


def _opened(found: StateFile, opened: ExitStack) -> _Part:
    try:
        stream = opened.enter_context(found.path.open("rb"))
    except OSError as error:
        reason = reason_of(error)
        raise StateError(f"{found.path}: cannot be read: {reason}; no backup was made") from error
    return _Part(found, stream, stream.seek(0, io.SEEK_END))


def _pack(stream: BinaryIO, state_dir: Path, parts: list[_Part], now: datetime) -> None:
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for one in parts:
            entry = tarfile.TarInfo(str(one.found.path.relative_to(state_dir)))
            entry.size, entry.mode, entry.mtime = one.size, MODE, int(now.timestamp())
            one.stream.seek(0)
            archive.addfile(entry, one.stream)
