"""The files in a state folder, and what each is for.

Other programs may keep files in the folder, too (AIPass's trigger does): those are skipped. In a
sub-folder that is ours alone, a file of somebody else is a stray.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from scheduled import idle
from scheduled.errors import StateError, reason_of
from scheduled.quick_classes import dataclass
from scheduled.state import aside, heartbeat, store
from scheduled.state.day_files import DAY_FILE
from scheduled.system import private


class FileKind(StrEnum):
    """What a file is for, as `state check --json` has it."""

    STATE = "state"
    JOURNAL = "journal"
    OUTPUT = "output"  # what a run printed, and how it ended
    LOCK = "lock"
    CACHE = "cache"
    HINT = "hint"  # for idle ticks: when something is due next, when the last tick ran
    ASIDE = "aside"  # a copy of what was damaged or replaced, or of an earlier format
    LEFTOVER = "leftover"  # an unfinished file, whose writer died
    STRAY = "stray"  # a file of somebody else in one of our folders


@dataclass(frozen=True)
class StateFile:
    """A file of ours, or a stray."""

    path: Path
    kind: FileKind
    status: os.stat_result
    """Of the link itself, if it is one."""

    @property
    def bytes(self) -> int:
        """The size of the file."""
        return self.status.st_size

    @property
    def since(self) -> datetime:
        """When the file was last written; of a replaced state, when it was replaced."""
        stamp = _STAMP.search(self.path.name) if self.kind is FileKind.ASIDE else None
        if stamp:
            return datetime.strptime(stamp[0], "%Y%m%dT%H%M%S%z")
        return datetime.fromtimestamp(self.status.st_mtime, UTC)


_STAMP = re.compile(r"\d{8}T\d{6}Z")
_ASIDE = re.compile(
    rf"({re.escape(store.FILE_NAME)}|{DAY_FILE})\.({'|'.join(aside.REASONS)})-{_STAMP.pattern}"
    rf"|before-upgrade-{_STAMP.pattern}\.tar\.gz"
)
_HINTS = (idle.HINT, idle.SHELL_HINT, heartbeat.FILE_NAME)
_UNFINISHED = tuple(f".{name}." for name in (store.FILE_NAME, *_HINTS))
_FOLDERS = {
    "journal": (FileKind.JOURNAL, re.compile(DAY_FILE)),
    "runs": (FileKind.OUTPUT, re.compile(r".+\.(log|result|exit|exit\.new)")),
    "locks": (FileKind.LOCK, re.compile(r".+")),
    "cache": (FileKind.CACHE, re.compile(r".+")),
    "afterwards": (FileKind.CACHE, re.compile(r".+\.json")),
    "pruned": (FileKind.ASIDE, re.compile(rf".+-{_STAMP.pattern}\.yaml")),
}


def list_files(state_dir: Path) -> list[StateFile]:
    """Return every file of ours in a state folder by path; none if there is no such folder.

    Raises StateError for a folder that is unreadable.
    """
    files = list(_scan(state_dir, _kind_beside_state, depth=1))
    for folder, (kind, pattern) in _FOLDERS.items():
        files += _scan(state_dir / folder, partial(_kind_within, kind=kind, pattern=pattern))
    return sorted(files, key=lambda file: file.path)


def of_kind(files: Iterable[StateFile], *kinds: FileKind) -> list[StateFile]:
    """Return the files of these kinds, in their order."""
    return [file for file in files if file.kind in kinds]


def _scan(
    folder: Path, kind_of: Callable[[str], FileKind | None], depth: int = 4
) -> Iterator[StateFile]:
    """Yield the files in a folder and in `depth` - 1 levels below it; links are not followed."""
    try:
        for entry in private.entries(folder):
            status = entry.stat(follow_symlinks=False)
            kind = kind_of(entry.name)
            if not stat.S_ISDIR(status.st_mode) and kind is not None:
                yield StateFile(Path(entry.path), kind, status)
            elif stat.S_ISDIR(status.st_mode) and depth > 1:
                yield from _scan(Path(entry.path), kind_of, depth - 1)
    except FileNotFoundError:  # also if a tick has just removed it
        return
    except OSError as error:
        raise StateError(f"{folder}: {reason_of(error)}") from error


def _kind_beside_state(name: str) -> FileKind | None:
    if name == store.FILE_NAME:
        return FileKind.STATE
    if name in _HINTS:
        return FileKind.HINT
    if _ASIDE.fullmatch(name):
        return FileKind.ASIDE
    return FileKind.LEFTOVER if name.startswith(_UNFINISHED) else None


def _kind_within(name: str, kind: FileKind, pattern: re.Pattern[str]) -> FileKind:
    if name.startswith("."):
        return FileKind.LEFTOVER
    if kind is FileKind.JOURNAL and _ASIDE.fullmatch(name):
        return FileKind.ASIDE
    return kind if pattern.fullmatch(name) else FileKind.STRAY
