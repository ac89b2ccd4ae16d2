"""Rotating a log beside those who write to it: by renaming, so that no line is copied or lost.

Whoever has the log open goes on writing to what is then called `x.log.1`; whoever opens it from
then on gets a new one. Only a log of our own is renamed, in a folder of ours or root's.
"""

import contextlib
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from scheduled.system import files, linux
from scheduled.system.folder import Folder

ROTATED = re.compile(r"(?P<log>.+)\.(?P<number>[1-9]\d{0,2})")
"""The name of a log that was rotated; the higher its number, the older it is."""


def rotate(path: str, opened: os.stat_result, count: int) -> bool:
    """Rotate the log that is `opened` and still called `path`; return whether that was done.

    `count` rotated ones are kept; those beyond that are deleted once nobody writes to them. Never
    waits: a log that is being rotated by somebody else is left alone. Raises OSError.
    """
    above, _, name = path.rpartition("/")
    if ROTATED.fullmatch(name):  # it was rotated since it was opened
        return False
    with Folder.open(above or "/") as folder:
        if os.fstat(folder.descriptor).st_uid not in (0, os.geteuid()):
            return False
        try:
            is_rotated = _rotate(folder, name, _identity(opened))
        except FileNotFoundError:  # somebody has just renamed it, and not made the new one yet
            return False
        if is_rotated:
            _delete_excess(folder, name, count)
        return is_rotated


def _rotate(folder: Folder, name: str, identity: tuple[int, int]) -> bool:
    with folder.opened(name) as descriptor:
        status = os.fstat(descriptor)
        if _identity(status) != identity or not _is_ours_alone(status):
            return False
        try:
            # On the log itself: also those who keep their state elsewhere ask for it.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if _identity(folder.status(name)) != identity:
            return False
        _shift(folder, name)
        _create_like(folder, name, status)
    return True


def _is_ours_alone(status: os.stat_result) -> bool:
    is_ours = status.st_uid == os.geteuid() and status.st_nlink == 1
    return is_ours and stat.S_ISREG(status.st_mode)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _shift(folder: Folder, name: str) -> None:
    """Rename the log and the rotated ones up to the first free number: nothing is overwritten."""
    taken = set(_numbers(folder, name))
    free = next(number for number in range(1, len(taken) + 2) if number not in taken)
    for number in range(free, 1, -1):
        with contextlib.suppress(FileNotFoundError):  # deleted by a rotation that is just ending
            folder.rename(f"{name}.{number - 1}", f"{name}.{number}")
    folder.rename(name, f"{name}.1")


def _create_like(folder: Folder, name: str, status: os.stat_result) -> None:
    """Create the new log with mode and group of the old one, unless somebody was faster."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with files.opened(name, flags, folder=folder.descriptor) as descriptor:
            if os.fstat(descriptor).st_gid != status.st_gid:
                os.fchown(descriptor, -1, status.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & 0o777)
    except (FileExistsError, PermissionError):
        return


def _delete_excess(folder: Folder, name: str, count: int) -> None:
    for number in _numbers(folder, name):
        rotated = f"{name}.{number}"
        if number > count and not linux.has_writer(Path(folder.path, rotated)):
            with contextlib.suppress(OSError):  # somebody's directory
                folder.unlink(rotated)


def _numbers(folder: Folder, name: str) -> Iterator[int]:
    for other in folder.names():
        rotated = ROTATED.fullmatch(other)
        if rotated is not None and rotated["log"] == name:
            yield int(rotated["number"])
