"""The clean-up of files that are old enough.

What is in use stays, and so does what the state could be rebuilt from: the newest journal file
with a readable snapshot, and all newer ones.
"""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path

from scheduled.errors import reason_of
from scheduled.state import day_facts, records
from scheduled.state.document import State
from scheduled.state.journal import Journal
from scheduled.state.maintenance import inventory
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.state.store import Store
from scheduled.system import linux, locks, private


def expired(state_dir: Path, now: datetime, days: int) -> list[StateFile]:
    """Return our files that are older than `days` days and not needed any more.

    Raises StateError if the state cannot be read, for then it is unknown what is in use.
    """
    store = Store(state_dir).load()
    oldest, running = now - timedelta(days=days), _running(store.state)
    journals = _journals(store.journal, now, days)
    return [
        file
        for file in inventory.list_files(state_dir)
        if file.path.name in journals
        or (file.kind is FileKind.CACHE and day_facts.day_of(file.path.name) in journals)
        or (file.kind is FileKind.OUTPUT and file.since < oldest and not _is_used(file, running))
        or (file.kind in (FileKind.ASIDE, FileKind.LEFTOVER) and file.since < oldest)
    ]


def remove(state_dir: Path, files: Iterable[StateFile]) -> Iterator[tuple[StateFile, str]]:
    """Delete the files one by one, and yield each with why it could not be deleted, or ''."""
    for file in files:
        # A tick that reads the journal holds its lock; nothing reads the other files any more.
        lock = locks.journal(state_dir) if file.kind is FileKind.JOURNAL else nullcontext()
        with lock:
            yield file, _removed(file.path)


def _is_used(output: StateFile, running: set[str]) -> bool:
    """Return whether a run, or a process that it left behind, still writes to the file."""
    return output.path.stem in running or linux.has_writer(output.path)


def _running(state: State) -> set[str]:
    """Return the ids of the runs in progress, whose output is being written."""
    active = {job for job, _ in records.active_runs(state)}
    return {run.run_id for job in active for run in records.job_memory(state, job).runs.values()}


def _journals(journal: Journal, now: datetime, days: int) -> set[str]:
    """Return the journal files that are old enough, and older than the newest snapshot."""
    start = journal.newest_snapshot()
    if start is None:
        return set()
    names = journal.names()
    return set(names[: names.index(start.name)]) & set(journal.day_files.outdated(now.date(), days))


def _removed(path: Path) -> str:
    try:
        private.remove(path)
    except OSError as error:
        return reason_of(error)
    return ""
