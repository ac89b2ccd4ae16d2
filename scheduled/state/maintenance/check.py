"""The check of a state folder; it changes nothing."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from scheduled.errors import StateError
from scheduled.quick_classes import dataclass
from scheduled.state.document import with_foreign_keys
from scheduled.state.maintenance import inventory
from scheduled.state.maintenance.compare import Difference, differences
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.state.store import Store
from scheduled.system import locks, private
from scheduled.system.owners import OTHERS


@dataclass(frozen=True)
class CheckResult:
    """The result of a check."""

    problems: tuple[str, ...]
    """What a person should fix, a sentence each."""
    notes: tuple[str, ...]
    """What is unusual and harmless."""
    differences: tuple[Difference, ...]
    """Where the state is not what the journal leads to; this has to be fixed, too."""
    events: int
    """How many events the journal has."""
    sizes: dict[str, tuple[int, int]]
    """By kind of file: how many there are, and their bytes."""

    @property
    def is_fine(self) -> bool:
        """Whether nothing has to be fixed."""
        return not self.problems and not self.differences


def examine(state_dir: Path) -> CheckResult:
    """Check everything in a state folder; a missing folder is fine.

    Raises StateError if the folder is unreadable, and LockedError.
    """
    with _writers_excluded(state_dir):
        listed = inventory.list_files(state_dir)
        problems, differing, replayed = compared(state_dir)
        notes, events = _older(replayed)
    return CheckResult(
        problems=(*problems, *_access(listed, _owner(state_dir))),
        notes=(*notes, *_strays(listed)),
        differences=tuple(differing),
        events=events,
        sizes=_sizes(listed),
    )


@contextlib.contextmanager
def _writers_excluded(state_dir: Path) -> Iterator[None]:
    """Hold the journal's lock, if there is one that this user may take."""
    lock = state_dir / "locks" / "journal"
    may_take = os.access(lock, os.W_OK) and lock.stat().st_uid == os.geteuid()
    with locks.journal(state_dir) if may_take else contextlib.nullcontext():
        yield


def compared(state_dir: Path) -> tuple[list[str], list[Difference], Store]:
    """Return what is wrong with state and journal, where they differ, and the journal replayed."""
    replayed = Store(state_dir)
    try:
        store = Store(state_dir).load()
        replayed.replay()
    except StateError as error:
        return [str(error)], [], replayed
    # What both report is said once: a damaged line after the checkpoint, for one.
    problems = [*dict.fromkeys([*store.recovered, *replayed.recovered])]
    if not os.path.exists(store.path) or not store.journal.names():
        return problems, [], replayed
    state = store.state if store.in_file is None else store.in_file
    return problems, differences(state, with_foreign_keys(replayed.state, state)), replayed


def _older(replayed: Store) -> tuple[list[str], int]:
    """Return a note on lines before the newest snapshot that cannot be read, and count events."""
    journal = replayed.journal
    try:
        start = journal.newest_snapshot()
        events, lost = journal.survey(start) if start is not None else (0, 0)
    except StateError:  # the folder is unreadable, which is a problem already
        return [], 0
    note = f"{journal.folder}: {_lines(lost)} cannot be read; `history` omits what they had"
    return [note] if lost else [], events + replayed.events_read


def _owner(state_dir: Path) -> int:
    return state_dir.stat().st_uid if state_dir.is_dir() else os.geteuid()


def _access(files: list[StateFile], owner: int) -> Iterator[str]:
    """Yield a sentence on each file that others can write to, or its `owner` cannot."""
    for file in files:
        mode = stat.S_IMODE(file.status.st_mode)
        if not stat.S_ISREG(file.status.st_mode) or file.status.st_nlink > 1:
            yield f"{file.path}: {private.file_problem(str(file.path), file.status)}"
            continue
        if file.kind is FileKind.LOCK and mode != locks.MODE:
            yield f"{file.path}: mode {mode:04o}; type: chmod {locks.MODE:o} {file.path}"
        elif mode & OTHERS:
            yield f"{file.path}: others can write to it; type: chmod go-w {file.path}"
        if file.status.st_uid != owner:
            yield f"{file.path}: of user {file.status.st_uid}; type: chown {owner} {file.path}"


def _strays(files: list[StateFile]) -> Iterator[str]:
    """Yield a note on each file that should not be there."""
    for file in inventory.of_kind(files, FileKind.STRAY):
        yield f"{file.path}: not a file of scheduled; it is ignored"
    for file in inventory.of_kind(files, FileKind.LEFTOVER):
        yield f"{file.path}: left over from an interrupted write; `state gc` removes it"
    for file in inventory.of_kind(files, FileKind.ASIDE):
        yield f"{file.path}: an old state file; `state gc` removes it later"


def _sizes(files: list[StateFile]) -> dict[str, tuple[int, int]]:
    sizes = dict.fromkeys((str(kind) for kind in FileKind), (0, 0))
    for file in files:
        count, total = sizes[file.kind]
        sizes[file.kind] = count + 1, total + file.bytes
    return sizes


def _lines(count: int) -> str:
    return "1 older line" if count == 1 else f"{count} older lines"
