"""State and journal together: loading, recording, and the checkpoint.

The journal is the truth. `scheduled_state.json` is its checkpoint and says up to which byte of
the journal it counts, so loading is reading the checkpoint and replaying what came after it.
A checkpoint that cannot be used is moved aside, rebuilt from the journal, and reported.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from scheduled.errors import StateError, UnreadableFileError, reason_of
from scheduled.state import apply, events
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
"""Why old state files are kept: one could not be used, one was rebuilt from the journal."""
KEEP_DAYS = 30
FAR = timedelta(days=2)
"""A journal file of a day further ahead than this was written under a wrong clock."""


class Store:
    """The memory of one installation, as one process sees it.

    `state` is current as of the last `refresh`, `record` or `checkpoint`.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.path = state_dir / FILE_NAME
        self.journal = Journal(state_dir / "journal")
        self.state: State = empty()
        self.recovered: list[str] = []
        """Sentences about what was broken and how it was mended; for the user's eyes."""
        self.began_new_day = False
        """Whether this process wrote the first event of a day: a good time to clean up."""
        self.changed_jobs: set[str] = set()
        """The jobs that events taken in were about, ALL_JOBS for what concerns each of them."""
        self._position: Position | None = None
        self._unsynced = ""
        """The journal file that what was recorded last is in, if it may not be on the disk yet."""
        self._broken = False

    def load(self) -> "Store":
        """Read checkpoint and journal; changes nothing on disk.

        Raises StateError for a state that a newer version wrote, or that cannot be read.
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
                self.recovered.append(f"{self.journal.folder}: gone; the state alone was used")
        elif self._broken:
            self.recovered.append(
                "there is no journal to rebuild it from: everything starts afresh"
            )
        self.refresh()
        return self

    def replay(self) -> "Store":
        """As `load`, from the journal alone: the state file is as good as none."""
        stretch = self.journal.read(None)
        self.recovered.extend(stretch.broken)
        self.state = empty()
        for event in tuple(since_snapshot(stretch.events)) or stretch.events:
            self._apply(event)
        self._position = stretch.end
        return self

    def refresh(self) -> None:
        """Take in what other processes recorded since."""
        stretch = self.journal.read(self._position)
        for event in stretch.events:
            self._apply(event)
        self._position = stretch.end
        self.recovered.extend(stretch.broken)

    def record(self, now: datetime, *events: Event, sync: bool = True) -> None:
        """Append events, each stamped with `now`, and synced before this returns.

        Without `sync` they are there for every process to read, but not for one after a power
        cut; `sync` makes up for that, for many at once.

        Raises LockedError or StateError; then none of them is recorded.
        """
        with self.locked():
            self.write(now, *events, sync=sync)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The journal's lock, with what others recorded taken in: to decide on what to `write`.

        Raises LockedError or StateError.
        """
        with locks.journal(self.state_dir):
            self.refresh()
            yield

    def write(self, now: datetime, *events: Event, sync: bool = True) -> None:
        """As `record`, for a caller within `locked`."""
        name = self._current_file(now)
        whole = [{"at": format_utc(now), **event} for event in events]
        self.journal.append(name, whole, sync=sync)
        self._unsynced = "" if sync else name
        self.refresh()

    def sync(self) -> None:
        """Make sure that all that was recorded is on the disk. Raises StateError."""
        if self._unsynced:
            self.journal.sync(self._unsynced)
            self._unsynced = ""

    def checkpoint(self, now: datetime) -> files.Stamp | None:
        """Write the state file and return its stamp.

        Raises LockedError or StateError; the old file then stays.
        """
        with self.locked():
            self._set_aside(now)
            return self.save()

    def save(self) -> files.Stamp | None:
        """As `checkpoint`, for a caller within `locked`, or that holds the lock and has refreshed.

        Whatever lies there is written over.
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
                "the journal holds everything, the next tick tries again"
            ) from error
        return files.stamp(self.path)

    def _checkpointed(self) -> State | None:
        """The state file's document; None where there is none that can be used."""
        # False, too, where we may not look; the journal will tell. Nothing is wrong with a journal
        # that has no checkpoint yet: the first tick is under way, or died before it wrote one.
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
        """Before its shape is looked at: a newer version's may well be another one."""
        version = document.get("version") if isinstance(document, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise StateError(
                f"{self.path}: version {version}, this program knows "
                f"{VERSION}; upgrade scheduled, nothing was changed"
            )

    def _apply(self, event: Event) -> None:
        everybody = event["event"] == "snapshot"
        self.changed_jobs.add(ALL_JOBS if everybody else str(event.get("job", "")))
        try:
            apply.apply(self.state, event)
        except (KeyError, TypeError, ValueError, AttributeError):
            # Whole, and yet not what we wrote: one such line must not stop every tick to come.
            told = f"{event['event']} at {event.get('at')}"
            self.recovered.append(f"{self.journal.folder}: an event is damaged, left out: {told}")

    def _current_file(self, now: datetime) -> str:
        """The file to append to: the day's, begun with a snapshot if it is new.

        Never an older one than the newest: where the clock went back, the record goes on.
        """
        today = file_name(now)
        newest = max(self.journal.names(), default="")
        if newest > file_name(now + FAR):
            newest = self._brought_back(newest, today)
        if newest >= today:
            return newest
        self.sync()  # nobody comes back to the old file
        self.journal.begin_file(today, events.snapshot(self.state, now))
        self.journal.prune(now.date(), KEEP_DAYS)
        self.began_new_day = True
        return today

    def _brought_back(self, name: str, today: str) -> str:
        """Give the file of a day far ahead, when the clock was wrong, the name of today."""
        ahead = [one for one in self.journal.names() if one >= today]
        if ahead != [name]:  # today's, or another one ahead: read in order, that would come last
            return name
        (self.journal.folder / name).rename(self.journal.folder / today)
        if self._position is not None and self._position.name == name:
            self._position = Position(today, self._position.offset)
        return today

    def _set_aside(self, now: datetime) -> None:
        """Keep a state file that could not be used, before a good one takes its place."""
        if not self._broken or not self.path.exists():
            return
        try:  # once more, under the lock: another tick may have mended it
            usable = not problem(files.read_json(self.path))
        except UnreadableFileError:
            usable = False
        if not usable:
            aside = path_aside(self.path, "corrupt", now)
            self.path.rename(aside)
            self.recovered.append(f"the broken state file is kept as {aside}")
        self._broken = False


def path_aside(path: Path, why: str, now: datetime) -> Path:
    """Where a state file is kept that another takes the place of; `why` is one of ASIDE."""
    return path.with_name(f"{path.name}.{why}-{now:%Y%m%dT%H%M%SZ}")


def _position(document: State | None) -> Position | None:
    place = document.get("journal") if document is not None else None
    if not isinstance(place, dict):
        return None
    name, offset = place.get("file"), place.get("offset")
    if isinstance(name, str) and isinstance(offset, int) and "/" not in name:
        return Position(name, offset)
    return None
