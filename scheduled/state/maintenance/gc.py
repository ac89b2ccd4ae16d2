"""What has been kept long enough, and taking it away.

Never what is in use, nor what the state could be rebuilt from: the newest journal with a snapshot
that can be read, and all since.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path

from scheduled.errors import reason_of
from scheduled.state import records
from scheduled.state.document import State
from scheduled.state.journal import Journal
from scheduled.state.maintenance import inventory
from scheduled.state.maintenance.inventory import FileKind, StateFile
from scheduled.state.store import Store
from scheduled.system import linux, locks


def expired(state_dir: Path, now: datetime, days: int) -> list[StateFile]:
    """The files of ours that are older than `days` days and that nobody needs. Changes nothing.

    Raises StateError for a state that cannot be read: what is in use cannot be told then.
    """
    store = Store(state_dir).load()
    oldest, running = now - timedelta(days=days), _running(store.state)
    journals = _journals(store.journal, now, days)
    return [
        one
        for one in inventory.list_files(state_dir)
        if one.path.name in journals
        or (one.kind is FileKind.OUTPUT and one.since < oldest and not _is_used(one, running))
        or (one.kind in (FileKind.ASIDE, FileKind.LEFTOVER) and one.since < oldest)
    ]


def remove(state_dir: Path, found: Iterable[StateFile]) -> Iterator[tuple[StateFile, str]]:
    """Delete them one by one; each with why it could not be, or an empty text."""
    for one in found:
        # A tick that reads the journal holds its lock; everything else nobody looks for any more.
        guarded = locks.journal(state_dir) if one.kind is FileKind.JOURNAL else nullcontext()
        with guarded:
            yield one, _removed(one.path)


def _is_used(output: StateFile, running: set[str]) -> bool:
    """Whether a run, or a process that one left behind, still writes to it."""
    return output.path.stem in running or linux.has_writer(output.path)


def _running(state: State) -> set[str]:
    """The ids of runs that have not ended, as far as is known: their output is being written."""
    under_way = {job for job, _ in records.active_runs(state)}
    return {run.run_id for job in under_way for run in records.job_memory(state, job).runs.values()}


def _journals(journal: Journal, now: datetime, days: int) -> set[str]:
    """Those that are too old, and older than the one with the newest snapshot."""
    start = journal.newest_snapshot()
    names = journal.outdated(now.date(), days) if start is not None else []
    return {name for name in names if start is not None and name < start.name}


def _removed(path: Path) -> str:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return reason_of(error)
    return ""
