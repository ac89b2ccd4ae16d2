"""Kernel locks: one a job while it runs, and a short one around state and journal.

A process that dies releases its locks, however it dies. There is no time to live and no
"running" mark that could outlast its owner. Lock files are never removed.

A lock that is free is taken by the system call that filelock would make; filelock itself, which
takes longer to import than a tick to run a job, waits for one that is held.
"""

import fcntl
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from scheduled.errors import LockedError, StateError, UnusableLockError, reason_of
from scheduled.system import private

MODE = 0o600
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.005


class Lock:
    """A lock that this process holds.

    A job's lock is taken before the decision and held until the end of the run is recorded.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._owner = os.getpid()
        self.mutexes: list[Lock] = []
        """The mutexes that are held for the same run, and released with it."""

    def release(self) -> None:
        """Release the lock, also where a forked process keeps it."""
        while self.mutexes:
            self.mutexes.pop().release()
        descriptor, self._descriptor = self._descriptor, -1
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def __del__(self) -> None:
        """Let go of a lock that an error has left behind; a forked process has its own files."""
        if self._descriptor >= 0 and self._owner == os.getpid():
            os.close(self._descriptor)

    @contextmanager
    def shared(self) -> Iterator[int | None]:
        """Yield a descriptor that a forked process can keep, and the lock with it.

        The lock is free when this process has released it, or when both have ended.
        """
        descriptor = os.dup(self._descriptor)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def take_job(state_dir: Path, job: str, lane: int = 0) -> Lock | None:
    """Take the lock of a job; None if another process holds it. Never waits.

    Each lane has a lock of its own: that many runs of the job may go on side by side.
    """
    return take(state_dir, _of_lane(job, lane))


def take_mutex(state_dir: Path, name: str) -> Lock | None:
    """Take the mutex called `name`, which jobs of this state share; None if it is held."""
    return take(state_dir, f"+{name}.lock")  # no job has an id that begins with a +


def _of_lane(job: str, lane: int) -> str:
    return f"{job}+{lane}.lock" if lane else f"{job}.lock"  # no job has a + in its id


def take(state_dir: Path, name: str) -> Lock | None:
    """Take the lock called `name`; None if another process holds it. Never waits.

    Raises UnusableLockError for a file that is not a lock of ours, and StateError if there can be
    no lock at all.
    """
    descriptor = _locked(state_dir / "locks" / name)
    return Lock(descriptor) if descriptor is not None else None


def is_running(state_dir: Path, job: str) -> bool:
    """Return whether a tick holds a lock of the job now."""
    # os.path: where we may not look there is nothing to see; Path would raise.
    for lane in itertools.count():
        if not os.path.exists(state_dir / "locks" / _of_lane(job, lane)):
            return False
        lock = take_job(state_dir, job, lane)
        if lock is None:
            return True
        lock.release()
    return False


class LockFile:
    """The file of a short lock; in its context, it stays open from one time to the next."""

    def __init__(self) -> None:
        self._stays_open = False
        self._descriptor = -1
        self._owner = 0
        self._identity = (0, 0)

    def __enter__(self) -> Self:
        self._stays_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._stays_open = False
        self._close()

    def take(self, path: Path) -> bool:
        """Lock the file at `path`; False if another process holds it. Raises StateError."""
        if not self._is_open(path):
            descriptor = _opened(path)
            self._close()
            self._descriptor, self._owner = descriptor, os.getpid()
            self._identity = _identity(os.fstat(descriptor))
        try:
            if _lock(self._descriptor, path):
                return True
        except BaseException:
            self._close()
            raise
        self._may_close()
        return False

    def release(self) -> None:
        """Release the lock."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._may_close()

    def _is_open(self, path: Path) -> bool:
        """Return whether it is open, by this process, and still has that name.

        What a fork has inherited is not ours to lock: it would be locked for both.
        """
        try:
            is_same = self._descriptor >= 0 and _identity(os.lstat(path)) == self._identity
        except OSError:
            return False
        return is_same and self._owner == os.getpid()

    def _may_close(self) -> None:
        if not self._stays_open:
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0 and self._owner == os.getpid():
            os.close(descriptor)


@contextmanager
def journal(
    state_dir: Path, wait: float = WAIT_SECONDS, file: LockFile | None = None
) -> Iterator[None]:
    """Hold the short lock around state and journal, by means of its `file`.

    Raises LockedError after `wait` seconds, and StateError if the lock file cannot be created.
    """
    path, file = state_dir / "locks" / "journal", file or LockFile()
    if not file.take(path):
        with _waited_for(path, wait):
            yield
        return
    try:
        yield
    finally:
        file.release()


def _locked(path: Path) -> int | None:
    """Return the descriptor of a lock file that is locked now; None if another process holds it."""
    descriptor = _opened(path)
    try:
        is_locked = _lock(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    if is_locked:
        return descriptor
    os.close(descriptor)
    return None


def _opened(path: Path) -> int:
    """Open a lock file, which is made if it is missing. Raises StateError."""
    try:
        private.make_folder(path.parent)
        try:
            return private.open_file(path, os.O_RDWR | os.O_CREAT)
        except private.UnsafeError as error:
            raise UnusableLockError(_unusable(path.parent.parent, error)) from error
    except OSError as error:
        raise StateError(_unusable(path.parent.parent, error)) from error


def _lock(descriptor: int, path: Path) -> bool:
    """Lock an open file; return False if another process holds it. Raises StateError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StateError(_unusable(path.parent.parent, error)) from error
    return True


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


@contextmanager
def _waited_for(path: Path, wait: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    started = time.monotonic()
    # A soft lock would be a file that outlives a crash: where the kernel has no locks, fail.
    lock = FileLock(path, timeout=wait, mode=MODE, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(poll_interval=POLL_SECONDS)
    except Timeout:
        waited = time.monotonic() - started
        held = f"{path}: held by another process"
        raise LockedError(
            f"{held} for {waited:.0f} s; "
            "nothing was changed, try again when it is done (fuser names it)",
            trouble=held,
        ) from None
    except OSError as error:
        raise StateError(_unusable(path.parent.parent, error)) from error
    try:
        yield
    finally:
        lock.release()


def _unusable(state_dir: Path, error: OSError) -> str:
    if isinstance(error, private.UnsafeError):
        return f"{error.filename}: {error.strerror}"
    reason = reason_of(error)
    return (
        f"{state_dir}: cannot lock there: {reason}; "
        "make the directory writable, or name another one with --state-dir"
    )
