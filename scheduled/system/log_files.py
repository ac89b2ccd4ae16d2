"""Log files: what they are, whether they may go, deleting and shortening them beside writers.

What somebody writes to is never deleted: it would go on out of sight. All of it goes by open
directories, and through no link.
"""

import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import linux, owners
from scheduled.system.file_writers import Writers
from scheduled.system.folder import Folder

QUIET_SECONDS = 60.0
"""A log that was written to since then is in use, even if nobody has it open at the moment."""
FRESH = 1.0
"""How long ago, in seconds, all processes may have been looked at to tell that none writes."""
LONGEST_FRAGMENT = 1 << 20
"""How far the end of a line that was cut is looked for."""
CUT = b"[...]"


class LeftError(Exception):
    """A file is left alone; the message says why."""


class LogFile(NamedTuple):
    """A log file as it was found."""

    path: str
    status: os.stat_result
    bytes: int
    """Of disk: it may have holes, as `lastlog` has."""
    is_output: bool = False
    """Whether it is the output of a run."""
    is_newest: bool = False
    """Whether it is that of the last run of a job."""

    @property
    def written(self) -> float:
        """When it was last written, in epoch seconds."""
        return self.status.st_mtime


def look(path: str) -> LogFile:
    """Return the log file that has this path. Raises LeftError for anything else, and OSError."""
    with Folder.open(os.path.dirname(path)) as folder:
        status = folder.status(os.path.basename(path))
    if reason := _reason(status):
        raise LeftError(reason)
    return LogFile(path, status, _taken(status))


def _taken(status: os.stat_result) -> int:
    """Return how many bytes of disk a file takes, for all that is known; at most its length."""
    # None are counted on file systems that do not say, or that keep short files elsewhere.
    return min(status.st_blocks * 512 or status.st_size, status.st_size)


def _reason(status: os.stat_result) -> str:
    """Return why something is no log file of ours, or ''."""
    if stat.S_ISLNK(status.st_mode):
        return "a link, and no link is followed"
    if stat.S_ISDIR(status.st_mode):
        return "a directory"
    if not stat.S_ISREG(status.st_mode):
        return "a pipe, a socket or a device"
    if status.st_uid != os.geteuid():
        return f"belongs to {owners.name_of(status.st_uid)}"
    if status.st_nlink > 1:
        return "a hard link: it has a second name elsewhere"
    return ""


def delete(file: LogFile, writers: Writers, *, dry_run: bool) -> None:
    """Delete a log file that nobody writes to. Raises LeftError if somebody may, and OSError."""
    with _opened(file, os.O_RDONLY) as (folder, descriptor):
        # Who opens it from now on waits until it is gone, or left alone, and its path looked up.
        _refuse_written(descriptor, file, writers)
        name = os.path.basename(file.path)
        if _changed(folder.status(name), file) or _changed(os.fstat(descriptor), file):
            raise LeftError("was written to just now")
        if not dry_run:
            folder.unlink(name)


def _refuse_written(descriptor: int, file: LogFile, writers: Writers) -> None:
    """Take a lease, or find out otherwise that nobody writes. Raises LeftError."""
    is_free = linux.take_lease(descriptor)
    if is_free:
        return
    # If the kernel has said that somebody writes, it matters less who that is.
    seen = writers.of(file.status, oldest=FRESH if is_free is None else math.inf)
    if seen:
        raise LeftError(f"{seen[0]} writes to it")
    if is_free is False:
        raise LeftError("a process that cannot be seen writes to it")
    if os.geteuid() != 0:
        raise LeftError("only root can tell on this file system whether somebody writes to it")


def shorten(file: LogFile, excess: int, *, dry_run: bool) -> int:
    """Remove at least `excess` bytes from the beginning of a log, if all who write to it append.

    Its end is not touched, and nothing is copied: no line is lost that is written meanwhile.
    Returns how many bytes that frees. Raises LeftError if that would disturb a writer, and OSError.
    """
    with _opened(file, os.O_RDONLY) as (_, descriptor):
        if not linux.take_lease(descriptor):
            _refuse_overwritten(file)
    with _opened(file, os.O_RDWR) as (_, descriptor):
        block = max(os.fstatvfs(descriptor).f_bsize, 1)
        # The last block has to stay.
        length = min(-(-excess // block), (os.fstat(descriptor).st_size - 1) // block) * block
        if length <= 0:
            raise LeftError("too short to be shortened")
        if not dry_run:
            ends_a_line = os.pread(descriptor, 1, length - 1) == b"\n"
            try:
                linux.collapse_range(descriptor, length)
            except OSError as error:
                why = reason_of(error)
                raise LeftError(f"cannot be shortened on this file system: {why}") from error
            if not ends_a_line:
                _blank_fragment(descriptor)
        return min(length, file.bytes)


def _refuse_overwritten(file: LogFile) -> None:
    """Raise LeftError unless all who write to a file are seen to append to it."""
    writers = Writers().of(file.status, oldest=0)
    if os.geteuid() != 0 and file.status.st_mode & owners.OTHERS:
        raise LeftError("others may write to it, and only root can tell whether they append")
    if not writers:
        raise LeftError("who writes to it cannot be seen")
    for writer in writers:
        if not writer.appends:
            raise LeftError(f"{writer} writes to it, but does not append")


def _blank_fragment(descriptor: int) -> None:
    """Overwrite the end of the line that was cut, up to its line break."""
    head = os.pread(descriptor, LONGEST_FRAGMENT, 0)
    length = head.find(b"\n")
    if length > 0:
        os.pwrite(descriptor, CUT[:length].ljust(length), 0)


@contextmanager
def _opened(file: LogFile, flags: int) -> Iterator[tuple[Folder, int]]:
    """Yield the directory and a descriptor of the very file that was found. Raises LeftError."""
    with Folder.open(os.path.dirname(file.path)) as folder:
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(os.path.basename(file.path), flags, dir_fd=folder.descriptor)
        try:
            status = os.fstat(descriptor)
            if _identity(status) != _identity(file.status) or _reason(status):
                raise LeftError("was replaced just now")
            yield folder, descriptor
        finally:
            os.close(descriptor)


def _changed(status: os.stat_result, file: LogFile) -> bool:
    before = file.status
    return (*_identity(status), status.st_size, status.st_mtime_ns) != (
        *_identity(before),
        before.st_size,
        before.st_mtime_ns,
    )


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
