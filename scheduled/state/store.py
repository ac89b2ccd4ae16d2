"""State and journal together: loading, recording, and the checkpoint.

The journal is authoritative. `scheduled_state.json` is its checkpoint and says up to which event
it counts, so loading means reading the checkpoint and replaying what came after it. What is known
is the union of both: if the journal has lost events that a sound checkpoint contains, these count;
a checkpoint that cannot be used is rebuilt from the journal. Either is reported and kept aside.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from scheduled.errors import StateError
from scheduled.state import apply, checkpoint, events, names, owner
from scheduled.state.checkpoint import Checkpoint
from scheduled.state.day_files import file_name
from scheduled.state.document import OUR_KEYS, State, completed, empty, with_foreign_keys
from scheduled.state.journal import Event, Journal, Line, Position, wants_snapshot
from scheduled.state.records import ALL_JOBS
from scheduled.system import collector, files, locks
from scheduled.timing.instants import format_utc
from scheduled.version import __version__

FILE_NAME = "scheduled_state.json"
KEEP_DAYS = 30
FAR = timedelta(days=2)
"""A journal file dated further ahead than this was written while the clock was wrong."""


class Store:
    """State and journal of one installation; `state` is as of the last refresh, record or save."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.path = state_dir / FILE_NAME
        self.journal = Journal(state_dir / "journal")
        self.state: State = empty()
        self.lock_file = locks.LockFile()
        """Stays open while its context is, for who records a lot."""
        self.number = 0
        """The number of the newest event in `state`; none has it twice."""
        self.recovered: list[str] = []
        """Sentences for the user about what was damaged and how it was recovered."""
        self.has_written = False
        """Whether this process has recorded something, and so mended what was damaged."""
        self.began_new_day = False
        """Whether this process wrote the first event of a day: then it is time to clean up."""
        self.events_read = 0
        """How many events `replay` has read."""
        self.changed_jobs: set[str] = set()
        """The jobs that applied events were about; ALL_JOBS if one concerned every job."""
        self.recorded: list[Event] | None = None
        """What this process has recorded, for who collects it; None: nobody does."""
        self.claimant: owner.Claimant | None = None
        """For whom is written; a state of others is refused. None: it is not asked."""
        self._unread = 0
        """How many lines after that event cannot be read."""
        self._position: Position | None = None
        self._synced: Position | None = None
        """Up to where the journal is known to be on the disk."""
        self._broken = False
        """Whether the state file cannot be used, and is to be moved aside."""
        self._is_damaged = False
        """Whether the journal alone does not lead to the state; a snapshot makes it do so."""
        self._lacking: str | None = None
        """The journal file that has lost events, before both are kept aside."""
        self.in_file: State | None = None
        """What the state file says, if that differs from the journal and does not count."""
        self._is_old = False
        """Whether an earlier version wrote last; before the first write a backup is kept."""

    def load(self) -> "Store":
        """Read checkpoint and journal, and return this store; nothing on disk is changed.

        Raises StateError for a state that a newer version wrote or that cannot be read.
        """
        with collector.paused():
            found = checkpoint.read(self.path)
        document, position = found.document, found.position
        self._broken = bool(found.flaw)
        if document is None or not (found.is_sealed or found.is_old):
            self._load_doubtful(found)
        elif position is not None and self.journal.holds(position):
            self._start_from(found, position)
            self.refresh()
        elif found.number:
            self._start_from(found, None)
            self._catch_up(position)
        else:
            self._load_doubtful(found)
        if found.flaw:
            self._is_damaged = True  # the journal may be, too: what stands there is not looked at
            self.recovered.insert(0, found.flaw)
        self._is_old = found.is_old if document is not None else self._has_old_journal()
        return self

    def _start_from(self, found: Checkpoint, position: Position | None) -> None:
        self.state = completed(found.document or {})
        self.number = found.number
        self._position = self._synced = position
        listing = found.place.get("files")
        if position is not None and isinstance(listing, int):
            self.journal.day_files.expect(position.name, listing)

    def _catch_up(self, lost: Position | None) -> None:
        """Take what is newer than the state from a journal that does not reach to `lost`."""
        newest, name = 0, self.journal.day_files.file_with(self.number + 1)
        self._position = Position(name, 0) if name is not None else None
        for line in self.journal.lines(self._position) if name is not None else ():
            number = _number(line.event)
            newest = max(newest, number)
            if number > self.number or line.event is None:
                self._take(line)
            self._position = line.end
        if newest < self.number:
            self._report_loss(lost, newest)

    def _report_loss(self, lost: Position | None, newest: int = 0) -> None:
        """Report that the journal ends before the state does; the state knows more and counts."""
        self._is_damaged = True
        self._lacking = lost.name if lost is not None else ""
        if self.journal.names():
            which = f"events {newest + 1} to {self.number}" if newest else "events"
            sentence = f"{which} that the state file contains are missing; the state file was used"
        else:
            sentence = "missing; the state file alone was used"
        self.recovered.append(f"{self.journal.folder}: {sentence}")

    def _load_doubtful(self, found: Checkpoint) -> None:
        """Load where the state file is absent, damaged, edited, or of unknown age."""
        document = found.document
        if not self.journal.names():
            if document is not None:
                self.state, self.number = completed(document), found.number
                if found.position is not None:
                    self._report_loss(found.position)
            elif found.flaw:
                self.recovered.append("no journal to rebuild it from; starting with an empty state")
            return
        self.replay()
        edited = self._as_edited(found)
        if edited is not None and _is_same(edited.state, with_foreign_keys(self.state, document)):
            self._is_damaged = self._broken = False  # somebody else has added keys of their own
            self.recovered.clear()
        elif edited is not None:
            self._join(found, edited)
        self.state = with_foreign_keys(self.state, document)

    def _as_edited(self, found: Checkpoint) -> "Store | None":
        """Return what the file leads to if its place in the journal can be believed."""
        if found.position is None:
            return None
        store = Store(self.state_dir)
        store._start_from(found, found.position)
        if self.journal.holds(found.position):
            store.refresh()
        return store

    def _join(self, found: Checkpoint, other: "Store") -> None:
        """Take over what a doubtful file knows and a damaged journal may have lost."""
        self._broken = True
        self.in_file = other.state
        if not found.is_old:
            self.recovered.append(
                f"{self.path}: its checksum is wrong, and it differs from the journal; "
                "the journal is used instead"
            )
        if not (self._is_damaged or found.is_old or other.number > self.number):
            return
        from scheduled.state.union import union

        self.state, doubts = union(self.state, other.state)
        self.number = max(self.number, other.number)
        self._is_damaged, self._lacking = True, found.position.name if found.position else ""
        self.recovered.append(
            f"{self.journal.folder}: events are missing that the state file may contain; "
            "what either knows counts"
        )
        self.recovered += doubts

    def _has_old_journal(self) -> bool:
        return self.number == 0 and bool(self.journal.names())

    def replay(self) -> "Store":
        """Read the journal alone, as if there were no state file, and return this store."""
        self.state, self.number = empty(), 0
        self._position = None
        for line in self.journal.lines(self.journal.newest_snapshot()):
            self._take(line)
            self.events_read += line.event is not None
        return self

    def refresh(self) -> None:
        """Apply what other processes have recorded since."""
        if self._position is not None and not self.journal.reaches(self._position):
            lost, self._position = self._position, None
            self._catch_up(lost)
            return
        known = len(self.recovered)
        for line in self.journal.lines(self._position):
            is_new = self._take(line)
            if is_new and line.event is not None and line.event["event"] == "snapshot":
                # Whoever wrote it has seen and reported what is damaged before it.
                del self.recovered[known:]
                self._is_damaged = False

    def _read_own(self, own: Iterable[Line] = ()) -> None:
        for line in own or self.journal.lines(self._position):
            self._take(line)

    def _take(self, line: Line) -> bool:
        """Apply a line of the journal, and note if something is wrong with it; False if known."""
        self._position = line.end
        if line.flaw:
            self._is_damaged = True
            self.recovered.append(f"{self.journal.folder}/{line.flaw}")
        if line.event is None:
            self._unread += 1
            return False
        number = _number(line.event)
        if number and number <= self.number:
            return False
        if number > self._next_number > 1 and line.event["event"] != "snapshot":
            self._is_damaged = True
            lost = f"{self.number + 1} to {number - 1}"
            self.recovered.append(f"{self.journal.folder}: events {lost} are missing")
        self._apply(line.event)
        self.number, self._unread = max(self.number, number), 0
        return True

    @property
    def _next_number(self) -> int:
        """The number of the next event; those of lines that cannot be read are not used again."""
        return self.number + self._unread + 1

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
        with locks.journal(self.state_dir, file=self.lock_file):
            self.refresh()
            yield

    def write(self, now: datetime, *events: Event, sync: bool = True) -> None:
        """Do what `record` does, for a caller within `locked`.

        Raises NotOwnerError, too, if the state belongs to another root or host meanwhile.
        """
        if self.claimant is not None:
            events = (*owner.claim(self.state_dir, self.state, self.claimant), *events)
        if self._is_old or self._is_damaged:
            self.secure(now)
        name, before = self._current_file(now), self._position
        self._append(name, [{"at": format_utc(now), **event} for event in events], sync=sync)
        if self._is_damaged:  # the line before them was cut short
            self.secure(now)
        elif wants_snapshot(before, self._position, self.path):
            with suppress(StateError):  # the events are recorded
                self._append(name, [self._snapshot(now)], sync=sync)

    def _append(self, name: str, recorded: list[Event], *, sync: bool) -> None:
        numbered = [
            {"seq": number, **event} for number, event in enumerate(recorded, self._next_number)
        ]
        own = self.journal.append(name, numbered, after=self._position, sync=sync)
        self.has_written = True
        if self.recorded is not None:
            self.recorded += numbered
        self._read_own(own)
        if sync:
            self._synced = self._position

    def secure(self, now: datetime) -> None:
        """Keep aside what is there, and record the state whole: from then on all is sound.

        For a caller within `locked`.
        """
        if self._is_old:
            from scheduled.state import upgrade

            names = [FILE_NAME, *(f"journal/{name}" for name in self.journal.names())]
            upgrade.keep_backup(self.state_dir, names, now)
        self._keep_aside(now)
        before, name = self.number, self._current_file(now)
        if self.number == before:  # a new file has begun with a snapshot
            self._append(name, [self._snapshot(now)], sync=True)
        self._is_old = self._is_damaged = False

    def _keep_aside(self, now: datetime) -> None:
        """Copy state file and journal file, if the journal has lost events."""
        if self._lacking is None:
            return
        from scheduled.state import aside

        damaged = self.journal.folder / self._lacking if self._lacking else None
        for path in filter(None, (self.path, damaged)):
            copy = aside.keep_copy(path, now)
            if copy is not None:
                self.recovered.append(f"a copy is kept as {copy}")
        self._lacking = None

    def _snapshot(self, now: datetime) -> Event:
        whole = {**self.state, "program": __version__}
        return events.snapshot(whole, now)  # type: ignore[arg-type]

    def sync(self) -> None:
        """Sync everything recorded to the disk, by whomever. Raises StateError."""
        if self._position is not None and self._position != self._synced:
            self.journal.sync(self._position.name)
            self._synced = self._position

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
        place = {}
        if self._position is not None:
            place = {"file": self._position.name, "offset": self._position.offset}
            place["files"] = self.journal.day_files.listing()
        self.sync()  # or a power cut could leave a state that knows more than the journal
        checkpoint.write(self.path, self.state, self.number, place)
        return files.stamp(self.path)

    def _apply(self, event: Event) -> None:
        concerns_all = event["event"] == "snapshot"
        if concerns_all:
            checkpoint.refuse_newer(self.journal.folder, event.get("state"))
        self.changed_jobs.add(ALL_JOBS if concerns_all else str(event.get("job", "")))
        try:
            names.check(event)
            apply.apply(self.state, event)
        except (KeyError, TypeError, ValueError, AttributeError):
            # Valid JSON, but not what we wrote: one such line must not stop every later tick.
            which = f"{event['event']} at {event.get('at')}"
            self._is_damaged = True
            self.recovered.append(f"{self.journal.folder}: ignored a damaged event: {which}")

    def _current_file(self, now: datetime) -> str:
        """Return the file to append to: the day's, started with a snapshot if it is new.

        If the clock went back, the newest is continued, unless its day is far ahead. So is it
        where a wrong clock has already begun the file of this day.
        """
        today, names = file_name(now), self.journal.names()
        newest = names[-1] if names else ""
        if today in names or today < newest <= file_name(now + FAR):
            return newest
        self.sync()  # the old file is not written again
        self.journal.begin_file(today, {"seq": self._next_number, **self._snapshot(now)})
        self.journal.prune(now.date(), KEEP_DAYS)
        self.began_new_day = True
        self._read_own()
        self._synced = self._position
        return today

    def _set_aside(self, now: datetime) -> None:
        """Move a state file that cannot be used aside, before a new one replaces it."""
        if not self._broken or not self.path.exists():
            return
        found = checkpoint.read(self.path)  # under the lock: another tick may have replaced it
        if found.flaw or not (found.is_sealed or found.is_old):
            from scheduled.state import aside

            moved = aside.move(self.path, now)
            self.recovered.append(f"the broken state file is kept as {moved}")
        self._broken = False


def _number(event: Event | None) -> int:
    number = event.get("seq") if event is not None else None
    return number if isinstance(number, int) else 0


def _is_same(state: State, other: State) -> bool:
    return all(state.get(key) == other.get(key) for key in OUR_KEYS)
