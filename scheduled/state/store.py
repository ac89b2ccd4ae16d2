"""State and journal together: loading, recording, and the checkpoint.

The journal is authoritative. `scheduled_state.json` is its checkpoint and says up to which byte of
the journal it counts, so loading means reading the checkpoint and replaying what came after it. A
checkpoint that cannot be used is moved aside, rebuilt from the journal, and reported.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from scheduled.errors import StateError, UnreadableFileError, reason_of
from scheduled.state import apply, events, owner
from scheduled.state.document import (
    VERSION,
    State,
    empty,
    problem,
    with_defaults,
    with_foreign_keys,
)
from scheduled.state.journal import Event, Journal, Position, file_name, since_snapshot
from scheduled.state.records import ALL_JOBS
from scheduled.system import files, locks
from scheduled.timing.instants import format_utc

FILE_NAME = "scheduled_state.json"
ASIDE = ("corrupt", "replaced")
"""Why an old state file was kept: it could not be used, or it was rebuilt from the journal."""
KEEP_DAYS = 30
FAR = timedelta(days=2)
"""A journal file dated further ahead than this was written while the clock was wrong."""


class Store:
    """State and journal of one installation, as one process sees them.

    `state` is current as of the last `refresh`, `record` or `checkpoint`.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.path = state_dir / FILE_NAME
        self.journal = Journal(state_dir / "journal")
        self.state: State = empty()
        self.recovered: list[str] = []
        """Sentences for the user about what was damaged and how it was recovered."""
        self.began_new_day = False
        """Whether this process wrote the first event of a day: then it is time to clean up."""
        self.changed_jobs: set[str] = set()
        """The jobs that applied events were about; ALL_JOBS if one concerned every job."""
        self.claimant: owner.Claimant | None = None
        """For whom is written; a state of others is refused. None: it is not asked."""
        self._position: Position | None = None
        self._unsynced = ""
        """The journal file with events that may not be on the disk yet."""
        self._broken = False

    def load(self) -> "Store":
        """Read checkpoint and journal, and return this store; nothing on disk is changed.

        Raises StateError for a state that a newer version wrote or that cannot be read.
        """
        document = self._checkpointed()
        position = _position(document)
        if position is not None and self.journal.holds(position):
            self.state, self._position = with_defaults(document), position
        elif self.journal.names():
            self.replay()  # also beside an older state that somebody has put back
            self.state = with_foreign_keys(self.state, document)
        elif document is not None:
            self.state = with_defaults(document)
            if position is not None:
                self.recovered.append(
                    f"{self.journal.folder}: missing; the state file alone was used"
                )
        elif self._broken:
            self.recovered.append("no journal to rebuild it from; starting with an empty state")
        self.refresh()
        return self

    def replay(self) -> "Store":
        """Read the journal alone, as if there were no state file, and return this store."""
        batch = self.journal.read(None)
        self.recovered.extend(batch.broken)
        self.state = empty()
        for event in tuple(since_snapshot(batch.events)) or batch.events:
            self._apply(event)
        self._position = batch.end
        return self

    def refresh(self) -> None:
        """Apply what other processes have recorded since."""
        batch = self.journal.read(self._position)
        for event in batch.events:
            self._apply(event)
        self._position = batch.end
        self.recovered.extend(batch.broken)

    def record(self, now: datetime, *events: Event, sync: bool = True) -> None:
        """Append events, each stamped with `now`, and sync them to the disk.

        Without `sync` every process can read them, but a power cut can lose them until `sync` is
        called, once for many.

        Raises LockedError or StateError; then none of them is recorded.
        """
        with self.locked():
            self.write(now, *events, sync=sync)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the journal's lock with the state up to date, to decide what to `write`.

        Raises LockedError or StateError.
        """
        with locks.journal(self.state_dir):
            self.refresh()
            yield

    def write(self, now: datetime, *events: Event, sync: bool = True) -> None:
        """Do what `record` does, for a caller within `locked`.

        Raises NotOwnerError, too, if the state belongs to another root or host meanwhile.
        """
        if self.claimant is not None:
            events = (*owner.claim(self.state_dir, self.state, self.claimant), *events)
        name = self._current_file(now)
        stamped = [{"at": format_utc(now), **event} for event in events]
        self.journal.append(name, stamped, sync=sync)
        self._unsynced = "" if sync else name
        self.refresh()

    def sync(self) -> None:
        """Sync everything recorded to the disk. Raises StateError."""
        if self._unsynced:
            self.journal.sync(self._unsynced)
            self._unsynced = ""

    def checkpoint(self, now: datetime) -> files.Stamp | None:
        """Write the state file and return its stamp.

        Raises LockedError or StateError; then the old file stays.
        """
        with self.locked():
            self._set_aside(now)
            return self.save()

    def save(self) -> files.Stamp | None:
        """Do what `checkpoint` does, for a caller that holds the lock and has refreshed.

        An existing file is overwritten, usable or not.
        """
        document = dict(self.state)
        if self._position is not None:
            document["journal"] = {"file": self._position.name, "offset": self._position.offset}
        try:
            files.replace(self.path, files.json_bytes(document), mode=0o600)
        except OSError as error:
            reason = reason_of(error)
            raise StateError(
                f"{self.path}: cannot be saved: {reason}; "
                "nothing is lost: the journal has it, and the next tick tries again"
            ) from error
        return files.stamp(self.path)

    def _checkpointed(self) -> State | None:
        """Return the document in the state file, or None if it cannot be used."""
        # Also False where the folder may not be searched: reading the journal will report that. A
        # journal without a checkpoint is fine: the first tick has not written one yet.
        if not os.path.exists(self.path):
            return None
        self._broken = True
        try:
            document = files.read_json(self.path)
        except UnreadableFileError as error:
            if isinstance(error.__cause__, OSError):
                raise StateError(f"{error}; run as the user who owns it") from error
            self.recovered.append(f"{error}; the journal is used instead")
            return None
        self._refuse_newer(document)
        flaw = problem(document)
        if flaw:
            self.recovered.append(f"{self.path}: {flaw}; the journal is used instead")
            return None
        self._broken = False
        return cast("State", document)

    def _refuse_newer(self, document: Any) -> None:
        """Raise StateError for a document of a newer version, whose keys may mean other things."""
        version = document.get("version") if isinstance(document, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise StateError(
                f"{self.path}: version {version}, this program knows "
                f"{VERSION}; upgrade scheduled, nothing was changed"
            )

    def _apply(self, event: Event) -> None:
        concerns_all = event["event"] == "snapshot"
        self.changed_jobs.add(ALL_JOBS if concerns_all else str(event.get("job", "")))
        try:
            apply.apply(self.state, event)
        except (KeyError, TypeError, ValueError, AttributeError):
            # Valid JSON, but not what we wrote: one such line must not stop every later tick.
            which = f"{event['event']} at {event.get('at')}"
            self.recovered.append(f"{self.journal.folder}: ignored a damaged event: {which}")

    def _current_file(self, now: datetime) -> str:
        """Return the file to append to: the day's, started with a snapshot if it is new.

        Never one older than the newest: if the clock went back, the newest is continued.
        """
        today = file_name(now)
        newest = max(self.journal.names(), default="")
        if newest > file_name(now + FAR):
            newest = self._renamed_to_today(newest, today)
        if newest >= today:
            return newest
        self.sync()  # the old file is not written again
        self.journal.begin_file(today, events.snapshot(self.state, now))
        self.journal.prune(now.date(), KEEP_DAYS)
        self.began_new_day = True
        return today

    def _renamed_to_today(self, name: str, today: str) -> str:
        """Rename a file that a wrong clock dated far ahead; return the name it has now."""
        ahead = [other for other in self.journal.names() if other >= today]
        if ahead != [name]:  # with two files ahead, the events would be read in the wrong order
            return name
        (self.journal.folder / name).rename(self.journal.folder / today)
        if self._position is not None and self._position.name == name:
            self._position = Position(today, self._position.offset)
        return today

    def _set_aside(self, now: datetime) -> None:
        """Move a state file that cannot be used aside, before a new one replaces it."""
        if not self._broken or not self.path.exists():
            return
        try:  # again, under the lock: another tick may have replaced it
            usable = not problem(files.read_json(self.path))
        except UnreadableFileError:
            usable = False
        if not usable:
            aside = path_aside(self.path, "corrupt", now)
            self.path.rename(aside)
            self.recovered.append(f"the broken state file is kept as {aside}")
        self._broken = False


def path_aside(path: Path, why: str, now: datetime) -> Path:
    """Return where a replaced state file is kept; `why` is one of ASIDE."""
    return path.with_name(f"{path.name}.{why}-{now:%Y%m%dT%H%M%SZ}")


def _position(document: State | None) -> Position | None:
    place = document.get("journal") if document is not None else None
    if not isinstance(place, dict):
        return None
    name, offset = place.get("file"), place.get("offset")
    if isinstance(name, str) and isinstance(offset, int) and "/" not in name:
        return Position(name, offset)
    return None
