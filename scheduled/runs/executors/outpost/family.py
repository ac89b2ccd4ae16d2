"""A command that an outpost has started, with all processes that it has started in turn."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
MARK = "SCHEDULED_OUTPOST"
"""The variable with the token of the order, which all processes of a command inherit."""
KILL_SECONDS = 5.0
"""How long processes that were killed may take to end."""


class Family:
    """A command, with all processes that it has started."""

    def __init__(self, pid: int, token: str = "") -> None:
        """Take the pid of the command, and the token by which also orphans of it are found."""
        self.pid, self.token = pid, token

    def signal(self, number: int) -> None:
        """Send a signal to all of them."""
        for pid in self.members():
            with contextlib.suppress(OSError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Kill all of them, and what they start meanwhile."""
        until = time.monotonic() + KILL_SECONDS
        while self.members() and time.monotonic() < until:
            self.signal(signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
            time.sleep(0.01)

    def members(self) -> list[int]:
        """Return the processes: all descendants of this one; without /proc, the command alone."""
        parents = _parents()
        if parents is None:
            return [self.pid] if self.pid else []
        found = [pid for pid in parents if self.token and _is_marked(pid, self.token)]
        family = {os.getpid(), *found}
        while True:
            more = [pid for pid in parents if parents[pid] in family and pid not in family]
            if not more:
                return found
            family.update(more)
            found += more


def _parents() -> dict[int, int] | None:
    """Return the parent of each living process; None where there is no /proc."""
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return None
    found = {}
    for name in names:
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                words = stream.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if words[0] not in (b"Z", b"X"):
            found[int(name)] = int(words[1])
    return found


def _is_marked(pid: int, token: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            return f"{MARK}={token}".encode() in stream.read().split(b"\0")
    except OSError:
        return False


def become_subreaper() -> None:
    """Have orphans of the command become children of this process."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def peak_memory() -> int:
    """Return the peak memory of this program in bytes; 0 where the kernel does not say.

    getrusage(2) would count the process before its execve(2) as well.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
            found = [line.split()[1] for line in stream if line.startswith("VmHWM:")]
        return int(found[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 0
