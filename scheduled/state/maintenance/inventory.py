"""What lies in a state folder, and which of it is ours.

The folder may be one that other programs keep files in, too (DESIGN 7: the trigger's). Theirs
are passed over; in the folders that are ours alone, a file we did not make is a stray.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from scheduled import idle
from scheduled.errors import StateError, reason_of
from scheduled.state import heartbeat, store
from scheduled.state.journal import DAY_FILE


class FileKind(StrEnum):
    """What a file is for."""

    STATE = "state"
    JOURNAL = "journal"
    OUTPUT = "output"  # what a run printed
    LOCK = "lock"
    CACHE = "cache"
    HINT = "hint"  # for idle ticks: when something is due next, when the last tick came
    ASIDE = "aside"  # an old state that another took the place of
    LEFTOVER = "leftover"  # of a file that was being written when its writer died
    STRAY = "stray"  # in a folder of ours, and not ours


@dataclass(frozen=True)
class StateFile:
    """A file of ours, or one that lies among them."""

    path: Path
    kind: FileKind
    status: os.stat_result
    """Of the file itself, where it is a link."""

    @property
    def bytes(self) -> int:
        """How large it is."""
        return self.status.st_size

    @property
    def since(self) -> datetime:
        """When it was last written; of a state that is kept aside, when that happened."""
        stamp = self.path.name.rpartition("-")[2] if self.kind is FileKind.ASIDE else ""
        if stamp:
            return datetime.strptime(stamp, "%Y%m%dT%H%M%S%z")
        return datetime.fromtimestamp(self.status.st_mtime, UTC)


_ASIDE = re.compile(rf"{re.escape(store.FILE_NAME)}\.({'|'.join(store.ASIDE)})-\d{{8}}T\d{{6}}Z")
_HINTS = (idle.HINT, heartbeat.FILE_NAME)
_UNFINISHED = tuple(f".{name}." for name in (store.FILE_NAME, *_HINTS))
_FOLDERS = {
    "journal": (FileKind.JOURNAL, DAY_FILE),
    "runs": (FileKind.OUTPUT, re.compile(r".+\.log")),
    "locks": (FileKind.LOCK, re.compile(r".+")),
    "cache": (FileKind.CACHE, re.compile(r".+")),
    "afterwards": (FileKind.CACHE, re.compile(r".+\.json")),
}


def list_files(state_dir: Path) -> list[StateFile]:
    """Every file of ours in a state folder; none where there is no such folder.

    Raises StateError for what may not be looked at.
    """
    found = list(_found(state_dir, _beside_the_state, depth=1))
    for folder, (kind, pattern) in _FOLDERS.items():
        found += _found(state_dir / folder, partial(_within, kind=kind, pattern=pattern))
    return sorted(found, key=lambda one: one.path)


def of_kind(found: Iterable[StateFile], *kinds: FileKind) -> list[StateFile]:
    """Those of them that are of these kinds, in their order."""
    return [one for one in found if one.kind in kinds]


def _found(
    folder: Path, kind_of: Callable[[str], FileKind | None], depth: int = 4
) -> Iterator[StateFile]:
    """The files in a folder, and `depth` - 1 levels of folders in it; links are not followed."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                kind = kind_of(entry.name)
                if not stat.S_ISDIR(status.st_mode) and kind is not None:
                    yield StateFile(Path(entry.path), kind, status)
                elif stat.S_ISDIR(status.st_mode) and depth > 1:
                    yield from _found(Path(entry.path), kind_of, depth - 1)
    except FileNotFoundError:  # or gone since: ticks come and go
        return
    except OSError as error:
        raise StateError(f"{folder}: {reason_of(error)}") from error


def _beside_the_state(name: str) -> FileKind | None:
    if name == store.FILE_NAME:
        return FileKind.STATE
    if name in _HINTS:
        return FileKind.HINT
    if _ASIDE.fullmatch(name):
        return FileKind.ASIDE
    return FileKind.LEFTOVER if name.startswith(_UNFINISHED) else None


def _within(name: str, kind: FileKind, pattern: re.Pattern[str]) -> FileKind:
    if name.startswith("."):
        return FileKind.LEFTOVER
    return kind if pattern.fullmatch(name) else FileKind.STRAY
