"""Locks of mailboxes in the hands of other processes, taken as ai_mail takes them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLDER = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(1, flush=True);"
"""Python code that takes the lock named by its first argument, says so, and goes on."""


@contextmanager
def held_by_another(lock: Path) -> Iterator[None]:
    """The lock file in the hands of another process, until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER + "sys.stdin.read()", str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"1\n"
        yield
        process.communicate()
