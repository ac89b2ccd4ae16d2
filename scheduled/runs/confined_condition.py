"""The `only_if` of a confined job: a process of its own waits for it, and kills what it leaves.

The tick cannot: what the condition has started may be in any session, and is not the tick's child.
"""

import os
import signal
from typing import NoReturn

from scheduled.runs import confined_child, keeper
from scheduled.runs.confine import Confinement
from scheduled.system import descriptors, linux

TOO_LONG = signal.SIGALRM
"""What the process ends by if the condition has not answered in time."""
GRACE_SECONDS = keeper.KILL_SECONDS + 1
"""How much longer than its condition the process may take."""


class _TooLongError(BaseException):
    """The time is up."""


def enter(confinement: Confinement, directory: str, limit: float) -> None:
    """Go on as a confined child, in a directory that it may enter; this process waits for it.

    It never returns, and ends as the condition does: with its exit code, 128 and more for a signal.
    For a process that is about to start the condition; needs `linux.load` before. Raises OSError.
    """
    linux.become_subreaper()
    pid = os.fork()
    if pid:
        _wait(pid, limit)
    os.setsid()
    confined_child.enter(confinement)
    os.chdir(directory)


def _wait(pid: int, limit: float) -> NoReturn:
    code = -1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(TOO_LONG, _on_alarm)
        signal.setitimer(signal.ITIMER_REAL, limit)
        descriptors.close_others(())
        code = _exit_code(pid)
        keeper.kill_what_is_left()
    finally:
        if code < 0:
            signal.signal(TOO_LONG, signal.SIG_DFL)
            os.kill(os.getpid(), TOO_LONG)
        os._exit(code)


def _exit_code(pid: int) -> int:
    """Wait for a process; return its exit code, -1 if it takes too long."""
    try:
        while True:  # what else ends are descendants whose parents ended before them
            ended, status = os.wait()
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                signal.setitimer(signal.ITIMER_REAL, 0)
                return code if code >= 0 else 128 - code
    except _TooLongError:
        return -1


def _on_alarm(*_: object) -> NoReturn:
    raise _TooLongError
