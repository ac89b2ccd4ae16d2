"""Other people: what happens to somebody who is not root, and what they do meanwhile."""

import codecs
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

NOBODY = 65534
MALLORY = 12_345
"""Another user of the machine, who means no good."""


def as_nobody(action: Callable[[], object]) -> str:
    """Call `action` in a child that has given up root; "done", or the error it raised."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, _told(action).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        return stream.read()


@contextlib.contextmanager
def meanwhile(action: Callable[[], object], user: int = MALLORY) -> Iterator[None]:
    """Have another user repeat `action` in a process of theirs, whatever errors it meets."""
    child = os.fork()
    if child == 0:
        _give_up_root(user)
        while True:
            with contextlib.suppress(OSError):
                action()
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def give(path: Path, user: int = MALLORY) -> Path:
    """Give a file, or a folder with all that is in it, to another user."""
    for inside in [path, *(path.rglob("*") if path.is_dir() and not path.is_symlink() else ())]:
        os.chown(inside, user, user, follow_symlinks=False)
    return path


def wait_for(happened: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until something has happened; False if it has not within some seconds."""
    until = time.monotonic() + seconds
    while not happened() and time.monotonic() < until:
        time.sleep(0.002)
    return happened()


def _told(action: Callable[[], object]) -> str:
    try:
        if os.geteuid() == 0:
            _give_up_root(NOBODY)
        action()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def _give_up_root(user: int) -> None:
    codecs.lookup("ascii")  # an ordinary user may not be able to read what root's Python loads
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
