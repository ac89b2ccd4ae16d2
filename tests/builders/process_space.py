"""Processes that see none of those outside: what a second machine would be to the first one.

A search for the processes of a run finds what a server of the same machine has started, too. So
the ticks of such tests run in a pid namespace of their own.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.builders import needs

WAIT_SECONDS = 60.0


class ProcessSpace(NamedTuple):
    """A pid namespace, held open by a process that sleeps."""

    holder: int
    """Its first process, as it is called outside."""

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the words by which a command is started in it."""
        return ["nsenter", f"--target={self.holder}", "--pid", "--mount", "--", *words]

    def start(self, *words: str, **more: str) -> subprocess.Popen[bytes]:
        """Start `scheduled` in it with these words, and more variables; nobody reads its output."""
        null = subprocess.DEVNULL
        return subprocess.Popen(
            self.command([sys.executable, "-m", "scheduled", *words]),
            stdin=null,
            stdout=null,
            stderr=null,
            env={**os.environ, **more},
        )

    def call(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Call `scheduled` in it with these words, and more variables."""
        return subprocess.run(
            self.command([sys.executable, "-m", "scheduled", *words]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, **more},
            check=False,
            timeout=120,
        )

    def processes(self, *words: str) -> list[int]:
        """Return the processes in it whose command line has all these words, as outside."""
        space = os.readlink(f"/proc/{self.holder}/ns/pid")
        return [pid for pid in all_processes(*words) if _space_of(pid) == space]

    def kill(self, *words: str, number: int = signal.SIGKILL) -> int:
        """Send them a signal; return how many there were."""
        found = self.processes(*words)
        for pid in found:
            os.kill(pid, number)
        return len(found)


def _space_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def all_processes(*words: str) -> list[int]:
    """Return all processes that live whose command line has all these words."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, UnicodeDecodeError):
            continue
        if state not in "ZX" and line and all(word in line for word in words):
            found.append(int(name))
    return found


@contextmanager
def opened() -> Iterator[ProcessSpace]:
    """Yield a namespace; whatever runs in it is killed at the end."""
    needs.root()
    needs.programs("unshare", "nsenter")
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "sleep", "100000"]
    process = subprocess.Popen(words)
    try:
        yield ProcessSpace(child_of(process.pid))
    finally:
        process.kill()
        process.wait()


def child_of(pid: int) -> int:
    """Return the only child of a process, once it has one and that has become `sleep`."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        for child in children.read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "sleep":
                return int(child)
        time.sleep(0.01)
    raise AssertionError(f"process {pid} has started no namespace")
