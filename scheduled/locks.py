"""Who may proceed: a lock a job for as long as it runs, a short one around state and journal.

All are kernel locks, so a process that dies lets go of them, however it dies. There is no time
to live and no "running" mark that could outlast its owner. The lock files stay where they are.
It is flock(2), which filelock and flock(1) take as well.
"""

import errno
import fcntl
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduled.errors import LockedError, StateError

MODE = 0o600
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.005
CONTENDED = (errno.EAGAIN, errno.EACCES)
"""What flock says of a lock that somebody else holds; EACCES on some network file systems."""


class Lock:
    """A right nobody else has while we hold it: to run a job, for one.

    That one is taken before the decision and held until the run is recorded.
    """

    def __init__(self, descriptor: int = -1) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another tick have the job."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # a forked child may have it open as well
            self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take_job(state_dir: Path, job: str, lane: int = 0) -> Lock | None:
    """The lock of a job, or None while somebody else holds it. Never waits.

    Each lane has a lock of its own: that many runs of the job may go on side by side.
    """
    return take(state_dir, _of_lane(job, lane))


def _of_lane(job: str, lane: int) -> str:
    return f"{job}+{lane}.lock" if lane else f"{job}.lock"  # no job has a + in its id


def take(state_dir: Path, name: str) -> Lock | None:
    """The lock called `name`, or None while somebody else holds it. Never waits.

    Raises StateError where there can be no lock.
    """
    try:
        return _taken(f"{state_dir}/locks/{name}")
    except OSError as error:
        raise StateError(_unusable(state_dir, error)) from error


def is_running(state_dir: Path, job: str) -> bool:
    """Whether some tick holds a lock of the job now."""
    # os.path: where we may not look there is nothing to see; Path would raise.
    for lane in itertools.count():
        if not os.path.exists(state_dir / "locks" / _of_lane(job, lane)):
            return False
        lock = take_job(state_dir, job, lane)
        if lock is None:
            return True
        lock.release()
    return False


@contextmanager
def journal(state_dir: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """The short lock around state and journal.

    Raises LockedError after `wait` seconds, and StateError where the lock file cannot be made.
    """
    lock = _waited_for(state_dir, "journal", wait)
    try:
        yield
    finally:
        lock.release()


def _waited_for(state_dir: Path, name: str, wait: float) -> Lock:
    started = time.monotonic()
    while (lock := take(state_dir, name)) is None:
        waited = time.monotonic() - started
        if waited >= wait:
            raise LockedError(
                f"{state_dir}/locks/{name}: held by another process for {waited:.0f} s; "
                "nothing was changed, try again when it is done (fuser names it)"
            )
        time.sleep(POLL_SECONDS)
    return lock


def _taken(path: str) -> Lock | None:
    """The lock that is the file at `path`, made if need be; None if it is taken. Raises OSError."""
    while True:
        lock = Lock(descriptor := _opened(path))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in CONTENDED:
                return None
            raise
        if os.fstat(descriptor).st_nlink:
            return lock
        # Somebody deleted the file after we had opened it, and the next to come makes another.


def _opened(path: str) -> int:
    # A link could lead to a file of somebody else's, whose owner could then hold our lock.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(path, flags, MODE)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return os.open(path, flags, MODE)


def _unusable(state_dir: Path, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return (
        f"{state_dir}: cannot lock there: {reason}; "
        "make the folder writable, or name another one with --state-dir"
    )
