"""Files of the state folder: ours alone, opened through no link, and only if they are files.

Nobody else may write to the folder, so nothing in it changes while it is being checked. What was
planted in it before that, as root's files in a folder that was once open to all, is refused by
name: a link, a pipe, a file of somebody else, one with a second name elsewhere.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from scheduled.system import files, owners
from scheduled.system.files import Stamp

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class UnsafeError(OSError):
    """A file or folder that is not ours alone; the message says what to do."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(errno.EPERM, reason, os.fspath(path))


def open_file(path: str | os.PathLike[str], flags: int) -> int:
    """Open a file, which is made with mode 0600. Raises UnsafeError, and OSError.

    To be written to, it has to be ours, and so does its folder. A file that is only read may belong
    to the owner of its folder: a person may look at the state of another.
    """
    name, is_read = os.fspath(path), flags & os.O_ACCMODE == os.O_RDONLY
    folder = os.path.dirname(name)
    owner = _folder_owner(folder, is_read=is_read)
    try:
        # Without the flag that truncates: what is not ours must not be cut either.
        descriptor = os.open(
            name, (flags & ~os.O_TRUNC) | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE
        )
    except OSError as error:
        is_told = is_read and error.errno == errno.EACCES
        if not is_told and (reason := _reason(name)):
            raise UnsafeError(name, reason) from None
        raise error from None
    try:
        status = os.fstat(descriptor)
        readable = {os.geteuid(), owner, 0} if is_read else None
        if reason := file_problem(name, status, readable):
            raise UnsafeError(name, reason)
        if flags & os.O_TRUNC:
            os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check(path: str | os.PathLike[str]) -> None:
    """Raise UnsafeError if something else than a file of ours has this name."""
    if reason := _reason(os.fspath(path)):
        raise UnsafeError(path, reason)


@contextlib.contextmanager
def opened(path: str | os.PathLike[str], mode: str) -> Iterator[IO[bytes]]:
    """Yield a file opened as `open` does with a binary `mode`. Raises as `open_file` does."""
    with open(path, mode, opener=open_file) as stream:
        yield stream


def read_stamped(path: str | os.PathLike[str]) -> tuple[Stamp, bytes]:
    """Return the content of a file and its stamp from before. Raises as `open_file` does."""
    descriptor = open_file(path, os.O_RDONLY)
    try:
        return files.read_open(descriptor, path)
    finally:
        os.close(descriptor)


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file. Raises as `open_file` does."""
    return read_stamped(path)[1]


Synced = Literal["nothing", "content", "name"]
"""What of a replaced file survives a power cut: with its content synced, the old file is there or
the new one, whole; with its name, the new one."""


def replace(path: Path, data: bytes, synced: Synced = "name") -> None:
    """Replace a file atomically; it has mode 0600. Raises as `open_file` does."""
    with replacing(path, synced) as stream:
        stream.write(data)


@contextlib.contextmanager
def replacing(path: Path, synced: Synced = "name") -> Iterator[IO[bytes]]:
    """Replace a file like `replace`, with what is written to the stream before the block ends."""
    _folder_owner(os.fspath(path.parent), is_read=False)
    check(path)
    beside = path.with_name(files.name_beside(path.name))
    try:
        with open(beside, "xb", opener=open_file) as stream:
            yield stream
            stream.flush()
            if synced != "nothing":
                os.fsync(stream.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    if synced == "name":
        files.sync_folder(path.parent)


def names(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names in a folder that is no link. Raises UnsafeError, and OSError."""
    _folder_owner(os.fspath(folder), is_read=True)
    return os.listdir(folder)


def entries(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """Return what is in a folder that is no link. Raises UnsafeError, and OSError."""
    _folder_owner(os.fspath(folder), is_read=True)
    with os.scandir(folder) as found:
        return list(found)


def remove(path: str | os.PathLike[str]) -> None:
    """Remove a file, or a link, from a folder of ours; a missing one is fine. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        _folder_owner(os.path.dirname(os.fspath(path)), is_read=False)
        os.unlink(path)


def make_folder(path: Path) -> None:
    """Make a folder with mode 0700, and those above it that are missing. Raises OSError.

    One of ours that others could look into is closed to them.
    """
    if not os.path.lexists(path):
        if not os.path.isdir(path.parent):
            make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, FOLDER_MODE)
    _folder_owner(os.fspath(path), is_read=False)


def close_folder(path: str | os.PathLike[str]) -> None:
    """Take from others what they may do in a folder of ours. Raises UnsafeError, and OSError."""
    _folder_owner(os.fspath(path), is_read=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and status.st_mode & 0o077:
            os.fchmod(descriptor, FOLDER_MODE)
    finally:
        os.close(descriptor)


def file_problem(path: str, status: os.stat_result, readable: set[int] | None = None) -> str:
    """Return why a file of the state is not ours alone, or ''.

    To be read, it may belong to one of the `readable` owners, and have any mode.
    """
    if not stat.S_ISREG(status.st_mode):
        return _kind(status.st_mode)
    if status.st_uid not in (readable or {os.geteuid()}):
        return f"belongs to {owners.name_of(status.st_uid)}; remove it, or take it over with chown"
    if readable is None and owners.others_write(status, path):
        return f"others can write to it; type: chmod go-w {owners.typed(path)}"
    if status.st_nlink > 1:
        return "a hard link: it has a second name elsewhere; remove it"
    return ""


def folder_problem(path: str, status: os.stat_result) -> str:
    """Return why a folder of the state is not ours alone, or ''."""
    if not stat.S_ISDIR(status.st_mode):
        return _kind(status.st_mode)
    if status.st_uid != os.geteuid():
        name = owners.name_of(status.st_uid)
        return f"belongs to {name}; type: {owners.as_user(name)}"
    if owners.others_write(status, path):
        return f"others can write to it; type: chmod go-w {owners.typed(path)}"
    return ""


def _folder_owner(folder: str, *, is_read: bool) -> int:
    """Return the owner of a folder that may be used. Raises UnsafeError, and OSError."""
    status = os.lstat(folder)
    reason = folder_problem(folder, status)
    if reason and not (is_read and stat.S_ISDIR(status.st_mode)):
        raise UnsafeError(folder, reason)
    return status.st_uid


def _reason(path: str) -> str:
    """Return why something with this name is not a file of ours; empty if nothing has it."""
    try:
        return file_problem(path, os.lstat(path))
    except OSError:
        return ""


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link, and no link is followed here; remove it"
    if stat.S_ISDIR(mode):
        return "a directory where a file should be; remove it"
    if stat.S_ISREG(mode):
        return "a file where a directory should be; remove it"
    return "a pipe or a device and not a file; remove it"
