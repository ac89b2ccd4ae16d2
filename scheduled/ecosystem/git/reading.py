"""Small files of a repository, which somebody else may have written."""

import os
import stat

from scheduled.system import files


class BrokenError(Exception):
    """The repository cannot be understood; the message says why."""


def small(path: str, largest: int) -> bytes | None:
    """Return the content of a file; None if there is none.

    Raises BrokenError for what is no file, is a link, or is larger; PermissionError.
    """
    name = os.path.basename(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
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
