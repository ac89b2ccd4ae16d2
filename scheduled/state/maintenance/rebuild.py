"""Rebuilding the state from the journal."""

from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.errors import StateError, UnreadableFileError
from scheduled.quick_classes import dataclass
from scheduled.state.aside import keep_copy
from scheduled.state.document import with_foreign_keys
from scheduled.state.maintenance.check import compared
from scheduled.state.maintenance.compare import Difference
from scheduled.state.store import Store
from scheduled.system import files, locks, private


@dataclass(frozen=True)
class RebuildResult:
    """What a rebuild did."""

    differences: tuple[Difference, ...]
    """Where the state file differed; none if it could not be used at all."""
    kept_as: Path | None
    """Where the old state file is now; None if there was none, or nothing had to be done."""
    written: bool
    """Whether a new state file was written."""
    warnings: tuple[str, ...]
    """Sentences about what was damaged."""


def rebuild(state_dir: Path, now: datetime) -> RebuildResult:
    """Replace the state by what the journal leads to, if it differs; a copy of the old one is kept.

    Events that the journal has lost and the state contains still count.

    Keys that are not ours stay. A tick in progress goes on with the new state. Raises StateError
    if there is no journal or the state is of a newer version, and LockedError.
    """
    if not Store(state_dir).journal.names():
        raise StateError(f"{state_dir}: no journal to rebuild the state from; nothing was changed")
    with locks.journal(state_dir):
        before = Store(state_dir).load()
        document = _document(before)
        problems, differing, after = compared(state_dir)
        if document is not None and not differing and not problems:
            return RebuildResult((), None, written=False, warnings=())
        kept_as = keep_copy(before.path, now)
        # Where the journal has lost events, the state knows more.
        rebuilt = before if after.recovered or before.number > after.number else after
        rebuilt.state = with_foreign_keys(rebuilt.state, document)
        rebuilt.secure(now)
        rebuilt.save()
    return RebuildResult(tuple(differing), kept_as, written=True, warnings=tuple(rebuilt.recovered))


def _document(store: Store) -> Any:
    """Return the content of the state file; None if it is missing or cannot be parsed."""
    try:
        return files.parse_json(private.read(store.path), store.path)
    except (OSError, UnreadableFileError):
        return None
