"""Small files of a repository, which somebody else may have written."""

import os
import stat

from scheduled.system import files

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class BrokenError(Exception):
    """The repository cannot be understood; the message says why."""


def small(path: str, largest: int) -> bytes | None:
    """Return the content of a file; None if there is none. A link is followed if it is ours.

    Raises BrokenError for what is no file, or is larger; PermissionError.
    """
    name = os.path.basename(path)
    try:
        descriptor = os.open(path, _FLAGS | (0 if _is_our_link(path) else os.O_NOFOLLOW))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise
    except OSError:
        raise BrokenError(f"{name} is not a file") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BrokenError(f"{name} is not a file")
        if status.st_size > largest:
            raise BrokenError(f"{name} is too large")
        return files.read_open(descriptor, path, status)[1]
    finally:
        os.close(descriptor)


def _is_our_link(path: str) -> bool:
    """Return whether it is a link that we have made: some tools share files of a repository."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISLNK(status.st_mode) and status.st_uid == os.geteuid()
