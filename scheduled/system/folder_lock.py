"""The lock of a folder that others write to: filelock's own, but through no link."""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator

from scheduled.errors import LockedError
from scheduled.system.folder import Folder, LinkError

POLL_SECONDS = 0.01


@contextlib.contextmanager
def locked(folder: Folder, name: str, wait: float, *, mode: int = 0o644) -> Iterator[None]:
    """Hold the kernel's lock on a file in the folder, as filelock does, but through no link.

    The file is made with `mode`. Raises LockedError after `wait` seconds, and OSError.
    """
    until = time.monotonic() + wait
    descriptor = _lock(folder, name, until, mode)
    while not _is_current(folder, name, descriptor):  # somebody has removed or replaced it
        os.close(descriptor)
        descriptor = _lock(folder, name, until, mode)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Folder, name: str, until: float, mode: int) -> int:
    import fcntl

    descriptor = _lock_file(folder, name, mode)
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            if time.monotonic() >= until:
                raise LockedError(f"{folder.path}/{name}: held by another program")
            time.sleep(POLL_SECONDS)
    except BaseException:
        os.close(descriptor)
        raise


def _lock_file(folder: Folder, name: str, mode: int) -> int:
    """Return an open lock file, which is made if it is missing."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=folder.descriptor)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            made = flags | os.O_CREAT | os.O_EXCL
            descriptor = os.open(name, made, mode, dir_fd=folder.descriptor)
            folder.give_to_owner(descriptor)
            return descriptor
        return _lock_file(folder, name, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LinkError(f"{folder.path}/{name}", "a link, which is not followed") from None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", f"{folder.path}/{name}")


def _is_current(folder: Folder, name: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.status(name), os.fstat(descriptor))
    except FileNotFoundError:
        return False
