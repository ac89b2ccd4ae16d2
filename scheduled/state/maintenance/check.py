"""Whether a state folder is as it should be. Changes nothing in it."""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scheduled.errors import StateError
from scheduled.state.document import with_foreign_keys
from scheduled.state.journal import Journal, Position
from scheduled.state.maintenance import inventory
from scheduled.state.maintenance.compare import Difference, differences
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.system.permissions import OTHERS


@dataclass(frozen=True)
class CheckResult:
    """What came of a check."""

    problems: tuple[str, ...]
    """What somebody should do something about, a sentence each."""
    notes: tuple[str, ...]
    """What is odd and harms nothing."""
    differences: tuple[Difference, ...]
    """Where the state is not what the journal leads to; they are a problem, too."""
    events: int
    """How many the journal holds."""
    sizes: dict[str, tuple[int, int]]
    """By kind of file: how many there are, and how many bytes they have."""

    @property
    def is_fine(self) -> bool:
        """Whether nothing needs doing."""
        return not self.problems and not self.differences


def examine(state_dir: Path) -> CheckResult:
    """Look at everything in a state folder; one that is not there yet is fine.

    Raises StateError for a folder that may not be looked at, and LockedError.
    """
    with _standing_still(state_dir):
        found = inventory.list_files(state_dir)
        broken, differing = _state(state_dir)
        torn, lost, events = _journal(Journal(state_dir / "journal"))
    return CheckResult(
        problems=(*broken, *torn, *_access(found)),
        notes=(*lost, *_strays(found)),
        differences=tuple(differing),
        events=events,
        sizes=_sizes(found),
    )


@contextlib.contextmanager
def _standing_still(state_dir: Path) -> Iterator[None]:
    """Keep ticks from writing meanwhile; where none ever came or could come, that is not needed."""
    lock = state_dir / "locks" / "journal"
    with locks.journal(state_dir) if os.access(lock, os.W_OK) else contextlib.nullcontext():
        yield


def _state(state_dir: Path) -> tuple[list[str], list[Difference]]:
    """What is wrong with the state file, and where it and the journal part."""
    try:
        store = Store(state_dir).load()
    except StateError as error:
        return [str(error)], []
    if not os.path.exists(store.path) or not store.journal.names():
        return store.recovered, []
    replayed = Store(state_dir).replay().state
    return _told(store), differences(store.state, with_foreign_keys(replayed, store.state))


def _told(store: Store) -> list[str]:
    """What loading said, without the lines of the journal, which are looked at by themselves."""
    return [one for one in store.recovered if " is torn, " not in one]


def _journal(journal: Journal) -> tuple[list[str], list[str], int]:
    """Lines that count and cannot be read; lines that only the history has lost; events."""
    whole = journal.read(None)
    since = journal.read(journal.newest_snapshot() or Position("", 0))
    torn = [f"{journal.folder}: {one}" for one in since.broken]
    lost = len(whole.broken) - len(since.broken)
    notes = [f"{journal.folder}: {_lines(lost)} cannot be read; history does without"]
    return torn, notes if lost else [], len(whole.events)


def _access(found: list[StateFile]) -> Iterator[str]:
    """Files that others can write to, and those we could not write to ourselves."""
    for one in found:
        mode = stat.S_IMODE(one.status.st_mode)
        if one.kind is FileKind.LOCK and mode != locks.MODE:
            yield f"{one.path}: mode {mode:04o}; type: chmod {locks.MODE:o} {one.path}"
        elif not stat.S_ISLNK(one.status.st_mode) and mode & OTHERS:
            yield f"{one.path}: others can write to it; type: chmod go-w {one.path}"
        if one.status.st_uid != os.geteuid():
            yield f"{one.path}: of user {one.status.st_uid}; type: chown {os.geteuid()} {one.path}"


def _strays(found: list[StateFile]) -> Iterator[str]:
    for one in inventory.of_kind(found, FileKind.STRAY):
        yield f"{one.path}: not a file of ours; it is left alone"
    for one in inventory.of_kind(found, FileKind.LEFTOVER):
        yield f"{one.path}: left by a program that died while it wrote; `state gc` removes it"
    for one in inventory.of_kind(found, FileKind.ASIDE):
        yield f"{one.path}: an old state, kept aside; `state gc` removes it in time"


def _sizes(found: list[StateFile]) -> dict[str, tuple[int, int]]:
    sizes = dict.fromkeys((str(kind) for kind in FileKind), (0, 0))
    for one in found:
        count, total = sizes[one.kind]
        sizes[one.kind] = count + 1, total + one.bytes
    return sizes


def _lines(count: int) -> str:
    return "1 older line" if count == 1 else f"{count} older lines"
