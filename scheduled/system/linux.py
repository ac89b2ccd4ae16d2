"""Calls that only Linux has: holes in files, leases, swapped names, reserved space, subreapers."""

import contextlib
import errno
import os
import signal
import sys
from pathlib import Path

from scheduled.errors import shortage_of
from scheduled.system import private

FALLOC_FL_KEEP_SIZE = 1
FALLOC_FL_PUNCH_HOLE = 2
FALLOC_FL_COLLAPSE_RANGE = 8
RENAME_EXCHANGE = 2
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MEMORY_UNIT = 1024 if sys.platform == "linux" else 1
"""Bytes in what `getrusage` counts memory in."""

_prctl: list[int] = []
"""The address of prctl(2), once it is looked up."""


def punch_hole(descriptor: int, start: int, length: int) -> bool:
    """Free a range of an open file, which then reads as zeros; return False on failure.

    The file keeps its length, so a process that appends to it is not disturbed: fallocate(2).
    """
    if sys.platform != "linux":
        return False
    import ctypes

    library = ctypes.CDLL(None)
    # Where file sizes had 32 bits once, this is the one that has 64.
    fallocate = getattr(library, "fallocate64", None) or library.fallocate
    mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    return bool(fallocate(descriptor, mode, ctypes.c_int64(start), ctypes.c_int64(length)) == 0)


def collapse_range(descriptor: int, length: int) -> None:
    """Remove so many bytes at the beginning of an open file; what follows moves up: fallocate(2).

    Nothing is copied, and who appends to the file goes on at its end. `length` is in whole blocks.
    Raises OSError, also for a file system that cannot do that.
    """
    if sys.platform != "linux":
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    fallocate = getattr(library, "fallocate64", None) or library.fallocate
    if fallocate(descriptor, FALLOC_FL_COLLAPSE_RANGE, ctypes.c_int64(0), ctypes.c_int64(length)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def has_writer(path: Path) -> bool:
    """Return whether a process has a file of the state open for writing; False if unknown."""
    with contextlib.suppress(OSError), private.opened(path, "rb") as stream:
        return take_lease(stream.fileno()) is False
    return False


def take_lease(descriptor: int) -> bool | None:
    """Take a lease of a file that is open for reading; it ends when the descriptor is closed.

    Linux grants one only if nobody has the file open for writing, be it by a mapping: fcntl(2).
    Then who opens it waits for us. False: somebody has; None: nobody can tell.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        # Who opens it while we have the lease has us signalled; this signal does nothing.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:  # not ours, or a file system without leases
        return None
    return True


def has_lease(descriptor: int) -> bool:
    """Return whether nobody waits to write to a file whose lease was taken."""
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def exchange(folder: int, name: str, other: str) -> None:
    """Swap what two names in an open folder stand for, in one step: renameat2(2). Raises OSError.

    ENOSYS or EINVAL, where the C library or the file system cannot.
    """
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), name)
    names = os.fsencode(name), os.fsencode(other)
    if library.renameat2(folder, names[0], folder, names[1], RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), other)


def reserve(descriptor: int, length: int) -> None:
    """Reserve disk space for an open file up to `length` bytes, without changing its content.

    Raises OSError if the disk has no room for it.
    """
    size = os.fstat(descriptor).st_size
    try:
        os.posix_fallocate(descriptor, 0, length)
    except OSError as error:
        os.ftruncate(descriptor, size)  # it may have grown by as much as there was room for
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # the file system cannot tell
            raise


def load() -> None:
    """Look up what the next three need, so that it is there, and cheap, after a fork.

    Raises OSError if the machine lacks something for it, such as a free descriptor.
    """
    try:
        import resource  # noqa: F401 - for `peak_memory`

        if sys.platform == "linux" and not _prctl:
            # ctypes itself would cost every tick that runs something 2 ms more.
            import _ctypes

            _prctl.append(_ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl"))  # type: ignore[arg-type]
    except ModuleNotFoundError:  # a Python that was built without them
        return
    except ImportError as error:
        if not shortage_of(error):
            raise
        raise OSError(errno.EMFILE, shortage_of(error)) from error


def become_subreaper() -> None:
    """Become the parent of all descendants whose own parents end: prctl(2). For `load`ed calls."""
    if _prctl:
        import _ctypes

        _ctypes.call_function(_prctl[0], (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def die_with_parent() -> None:
    """Be killed when the parent ends: prctl(2). For `load`ed calls."""
    if _prctl:
        import _ctypes

        _ctypes.call_function(_prctl[0], (PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def peak_memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MEMORY_UNIT
