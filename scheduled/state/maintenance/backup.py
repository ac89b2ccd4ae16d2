"""Backup: state and journal in one archive, as they were at one instant."""

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

from scheduled.errors import StateError, UsageError, reason_of
from scheduled.quick_classes import dataclass
from scheduled.state.maintenance import inventory
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.system import files, locks, private

MODE = 0o600
"""Results and output of jobs are private."""


@dataclass(frozen=True)
class _Part:
    file: StateFile
    stream: IO[bytes]
    size: int


def default_name(now: datetime) -> str:
    """Return the name of a backup if none is given."""
    return f"scheduled-backup-{now:%Y%m%dT%H%M%SZ}.tar.gz"


def write(state_dir: Path, target: Path, now: datetime) -> list[str]:
    """Pack state and journal into the new file `target`, and return the names of the files in it.

    It is restored by unpacking it in an empty state folder. Raises UsageError if the file exists
    or cannot be written, and StateError if there is nothing to pack.
    """
    # In a directory like /tmp it may be a link of somebody else's that leads nowhere yet.
    if os.path.lexists(target):
        raise UsageError(f"{target}: already exists; name another file")
    with _parts(state_dir) as parts:
        if not parts:
            raise StateError(f"{state_dir}: no state and no journal; nothing to back up")
        try:
            with files.creating(target, mode=MODE) as stream:
                _pack(stream, state_dir, parts, now)
        except FileExistsError:
            raise UsageError(f"{target}: already exists; name another file") from None
        except OSError as error:
            raise UsageError(f"{target}: cannot be written: {reason_of(error)}") from error
        return [str(part.file.path.relative_to(state_dir)) for part in parts]


@contextmanager
def _parts(state_dir: Path) -> Iterator[list[_Part]]:
    """Yield the files, opened while nobody writes to them.

    Ticks may write after that: a journal only grows, so its content of now stays at its start,
    and a state file is never changed, but replaced.
    """
    with ExitStack() as stack:
        with locks.journal(state_dir) if state_dir.is_dir() else ExitStack():
            listed = inventory.of_kind(
                inventory.list_files(state_dir), FileKind.STATE, FileKind.JOURNAL
            )
            parts = [_open(file, stack) for file in listed]
        yield parts


def _open(file: StateFile, stack: ExitStack) -> _Part:
    try:
        stream = stack.enter_context(private.opened(file.path, "rb"))
    except OSError as error:
        reason = reason_of(error)
        raise StateError(f"{file.path}: cannot be read: {reason}; no backup was made") from error
    return _Part(file, stream, stream.seek(0, io.SEEK_END))


def _pack(stream: BinaryIO, state_dir: Path, parts: list[_Part], now: datetime) -> None:
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for part in parts:
            entry = tarfile.TarInfo(str(part.file.path.relative_to(state_dir)))
            entry.size, entry.mode, entry.mtime = part.size, MODE, int(now.timestamp())
            part.stream.seek(0)
            archive.addfile(entry, part.stream)
