"""A database of SQLite that belongs to another program: whether it is sound, and compacting it.

It is changed by SQLite alone, in place, in a transaction: whoever is killed meanwhile leaves a
journal, with which the next one to open the database undoes what was begun. What is not sound is
not written to.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from scheduled.errors import ScheduledError, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import owners
from scheduled.system.folder import Folder
from scheduled.system.text import one_line

if TYPE_CHECKING:  # a Python may have been built without it
    import sqlite3

HEADER = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal")
"""What the names of SQLite's own files end in that stand beside a database."""
PATIENCE = 5.0
"""Seconds to wait for whoever has the database locked."""
_BUSY = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED
_PRIMARY = 0xFF
"""What of an extended error code tells the kind of error."""


class DatabaseError(ScheduledError):
    """A database that was not touched, or whose change was undone; the message says why."""


class BusyError(DatabaseError):
    """A database that is in use at the moment."""


class Pages(NamedTuple):
    """What a database takes of the disk."""

    size: int
    """Bytes of a page."""
    total: int
    free: int
    """Those that nothing is stored in."""

    @property
    def bytes(self) -> int:
        """The bytes of the whole database."""
        return self.size * self.total

    @property
    def free_percent(self) -> float:
        """The share of free pages."""
        return 100 * self.free / self.total if self.total else 0.0


class Tended(NamedTuple):
    """What was done to a database."""

    before: Pages
    after: Pages
    freed: int
    """Bytes of disk."""
    is_compacted: bool
    analyzed: int
    """How many tables."""
    has_readers: bool
    """Whether readers keep the old pages, and the space is given back once they end."""


def tend(path: str, *, least_free: float, analyze: bool, patience: float = PATIENCE) -> Tended:
    """Check a database, compact it if `least_free` percent of its pages are free, and analyze it.

    `patience` is for how many seconds it may be locked by somebody.
    Raises BusyError if somebody is using it, DatabaseError for anything that is wrong with it.
    """
    before = _bytes(path)
    with _opened(path, patience) as connection:
        _refuse_busy(connection)
        _refuse_damaged(connection, path)
        pages = _pages(connection)
        is_worth_it = pages.free > 0 and pages.free_percent >= least_free
        if is_worth_it:
            _refuse_without_room(path, pages.bytes)
            connection.execute("VACUUM")
        analyzed = _analyze(connection) if analyze else 0
        # Of a database without a write-ahead log, this does nothing.
        has_readers = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        after = _pages(connection)
    freed = max(before - _bytes(path), 0)
    return Tended(pages, after, freed, is_worth_it, analyzed, has_readers)


@contextmanager
def _opened(path: str, patience: float) -> Iterator["sqlite3.Connection"]:
    """Yield a connection to a database of ours. Raises DatabaseError, and from inside the block."""
    _refuse_foreign(path)
    try:
        import sqlite3
    except ImportError as error:
        raise DatabaseError(f"{path}: this Python has no sqlite3: {error}") from error
    from urllib.parse import quote

    try:
        uri = f"file:{quote(os.fsencode(path))}?mode=rw"
        connection = sqlite3.connect(uri, timeout=patience, isolation_level=None, uri=True)
        with closing(connection):
            with suppress(sqlite3.Error):  # what a schema calls is for its own program to allow
                connection.execute("PRAGMA trusted_schema=OFF")
            yield connection
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code in _BUSY:
            raise BusyError(f"{path}: in use: {error}") from error
        raise DatabaseError(f"{path}: {error}") from error


def _refuse_foreign(path: str) -> None:
    """Raise DatabaseError for what is no database, or not ours alone to change."""
    above, _, name = path.rpartition("/")
    try:
        with Folder.open(above or "/") as folder:
            reason = _reason(folder, name)
            if not reason:
                with folder.opened(name) as descriptor:
                    # Before SQLite opens it: closing it would give up SQLite's locks.
                    head = os.pread(descriptor, len(HEADER), 0)
                if head and head != HEADER:
                    reason = "not a database of SQLite, or encrypted, or damaged at its beginning"
    except OSError as error:
        raise DatabaseError(f"{path}: {reason_of(error)}") from error
    if reason:
        raise DatabaseError(f"{path}: {reason}; it is left as it is")


def _reason(folder: Folder, name: str) -> str:
    status = folder.status(name)
    if stat.S_ISLNK(status.st_mode):
        return "a link, and no link is followed"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_uid != os.geteuid():
        owner = owners.name_of(status.st_uid)
        return f"belongs to {owner}; type: {owners.as_user(owner)}"
    if status.st_nlink > 1:
        return "a hard link: it has a second name, beside which SQLite would not find its journal"
    if not folder.is_ours:
        return "others can write to its directory, or to one above it"
    above = os.fstat(folder.descriptor)  # in /tmp, too, others could plant a journal beside it
    if owners.others_write(above, f"/proc/self/fd/{folder.descriptor}"):
        return "others can write to its directory"
    if not os.access(folder.path, os.W_OK | os.X_OK, effective_ids=True):
        return "you cannot write to its directory, and SQLite keeps its journal there"
    for end in BESIDE:
        with suppress(FileNotFoundError):
            beside = folder.status(f"{name}{end}")
            if not stat.S_ISREG(beside.st_mode) or beside.st_uid != os.geteuid():
                return f"{name}{end} beside it is not a file of yours"
    return ""


def _refuse_busy(connection: "sqlite3.Connection") -> None:
    """Raise an error of SQLite if somebody writes, or reads where that keeps us from writing."""
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("ROLLBACK")


def _refuse_damaged(connection: "sqlite3.Connection", path: str) -> None:
    """Raise DatabaseError with the first of what is wrong."""
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    if found != ["ok"]:
        raise DatabaseError(f"{path}: damaged: {one_line('; '.join(found))}; it is left as it was")


def _refuse_without_room(path: str, size: int) -> None:
    """Raise DatabaseError unless there is room for a copy, and for what undoes the change."""
    folder, temporary = os.path.dirname(path), _temporary_folder()
    needed = {folder: size, temporary: size}
    if os.stat(folder).st_dev == os.stat(temporary).st_dev:
        needed = {folder: 2 * size}
    for place, length in needed.items():
        disk = os.statvfs(place)
        free = disk.f_bavail * disk.f_frsize
        if free < length:
            raise DatabaseError(
                f"{path}: compacting it needs {_mib(length)} at {place}, {_mib(free)} are free; "
                "it is left as it was"
            )


def _temporary_folder() -> str:
    """Return where SQLite puts the copy."""
    named = (os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR"))
    for folder in (*named, "/var/tmp", "/usr/tmp", "/tmp"):  # noqa: S108 - nothing is put there
        if folder and os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return "."


def _analyze(connection: "sqlite3.Connection") -> int:
    """Collect the statistics for the planner; return of how many tables."""
    tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    own = connection.execute(f"{tables} AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")
    count = int(own.fetchone()[0])
    if count:
        connection.execute("ANALYZE")
    return count


def _pages(connection: "sqlite3.Connection") -> Pages:
    def pragma(name: str) -> Any:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    return Pages(pragma("page_size"), pragma("page_count"), pragma("freelist_count"))


def _bytes(path: str) -> int:
    """Return the bytes of a database and its write-ahead log."""
    taken = 0
    for end in ("", "-wal"):
        with suppress(OSError):
            taken += os.lstat(f"{path}{end}").st_size
    return taken


def _mib(count: int) -> str:
    return f"{count / 1024**2:,.1f} MiB"
