"""A command that an outpost has started, with all processes that it has started in turn."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
MARK = "SCHEDULED_OUTPOST"
"""The variable with the token of the order, which all processes of a command inherit."""
PROC = "/proc"
KILL_SECONDS = 5.0
"""How long processes that were killed may take to end."""


class Family:
    """A command, with all processes that it has started."""

    def __init__(self, pid: int, token: str = "") -> None:
        """Take the pid of the command, and the token by which also orphans of it are found."""
        self.pid, self.token = pid, token
        self._seen: dict[int, int] = {}
        """Process groups of those found by ps(1); an orphan has nothing else to be known by."""

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
        """Return the processes: all descendants of this one, and all that inherited the token.

        Without /proc no token is seen. Then those in the process group of the command count, and
        those that were found before.
        """
        known, has_proc = _processes(), _has_proc()
        if not known:
            return self._group()
        if has_proc:
            found = [pid for pid in known if self._is_marked(pid)]
        else:
            found = [pid for pid in known if self._is_grouped(pid, known[pid][1])]
        family = {os.getpid(), *found}
        while True:
            more = [pid for pid in known if known[pid][0] in family and pid not in family]
            if not more:
                break
            family.update(more)
            found += more
        if not has_proc:
            self._seen = {pid: known[pid][1] for pid in found}
        return found

    def _group(self) -> list[int]:
        """Return the process group of the command, as kill(2) has it; empty if none is left."""
        if not self.pid:
            return []
        try:
            os.kill(-self.pid, 0)
        except OSError:
            return []
        return [-self.pid]

    def _is_grouped(self, pid: int, group: int) -> bool:
        return bool(self.pid and group == self.pid) or self._seen.get(pid) == group

    def _is_marked(self, pid: int) -> bool:
        if not self.token:
            return False
        try:
            with open(f"{PROC}/{pid}/environ", "rb") as stream:
                return f"{MARK}={self.token}".encode() in stream.read().split(b"\0")
        except OSError:
            return False


def _has_proc() -> bool:
    return os.path.isdir(f"{PROC}/self")


def _processes() -> dict[int, tuple[int, int]]:
    """Return parent and process group of each living process, as /proc has them, or else ps(1).

    Empty if there is neither.
    """
    if not _has_proc():
        return _by_ps()
    found = {}
    for name in filter(str.isdigit, os.listdir(PROC)):
        try:
            with open(f"{PROC}/{name}/stat", "rb") as stream:
                words = stream.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if words[0] not in (b"Z", b"X"):
            found[int(name)] = int(words[1]), int(words[2])
    return found


def _by_ps() -> dict[int, tuple[int, int]]:
    columns = ["-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "stat="]
    found, nothing = {}, subprocess.DEVNULL
    try:
        ps = subprocess.Popen(
            ["ps", "-A", *columns], stdin=nothing, stdout=subprocess.PIPE, stderr=nothing
        )
        for line in ps.communicate()[0].splitlines():
            pid, parent, group, state = line.split()[:4]
            if state[:1] not in (b"Z", b"X") and int(pid) != ps.pid:
                found[int(pid)] = int(parent), int(group)
    except (OSError, ValueError):  # there is none, or one that does not know the columns
        return {}
    return found


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
