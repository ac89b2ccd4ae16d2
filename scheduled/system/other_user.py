"""Work that root has done as another user, so that it can do no more than that user may.

It is done in a process of its own, which has given up root for good, with that user's groups, and
nothing of root's environment. What it hands over is JSON, a line for each value: that user can
stop or kill what it starts, but not write to the pipe.
"""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any

from scheduled.system import descriptors, forking, linux, processes

NOBODY = 65534
PATH = "/usr/local/bin:/usr/bin:/bin"


class OtherUserError(Exception):
    """Nothing was done; the message is a part of a sentence."""


def call(user: int, work: Callable[[], Iterable[Any]], seconds: float) -> list[Any]:
    """Return the JSON values that `work` yields as another user, those that there was time for.

    It must import nothing: that user may not be able to read what root's Python loads. Raises
    OtherUserError if no process can be had.
    """
    linux.load()
    identity = _identity(user)
    try:
        child, pipe = forking.fork(lambda pipe, mask: _be(identity, work, pipe, mask))
    except OSError as error:
        raise OtherUserError(f"no process for it: {error.strerror}") from None
    try:
        data = _read(pipe, time.monotonic() + seconds)
    finally:
        os.close(pipe)
        processes.send(processes.descendants(child), signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    *lines, _ = data.split(b"\n")  # the last one is empty, or not complete
    return [json.loads(line) for line in lines]


def _identity(user: int) -> tuple[int, int, list[int], dict[str, str]]:
    """Return the ids and the environment that a login of the user would have."""
    import pwd

    try:
        entry = pwd.getpwuid(user)
    except KeyError:
        return user, NOBODY, [NOBODY], {"PATH": PATH, "HOME": "/"}
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    named = {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}
    return user, entry.pw_gid, groups, {"PATH": PATH, **named}


def _be(
    identity: tuple[int, int, list[int], dict[str, str]],
    work: Callable[[], Iterable[Any]],
    pipe: int,
    mask: Iterable[int],
) -> None:
    user, group, groups, environ = identity
    descriptors.close_others({0, 1, 2, pipe})
    os.setsid()
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    linux.die_with_parent()
    os.environ.clear()
    os.environ.update(environ)
    os.umask(0o077)
    os.chdir("/")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    forking.pthread_sigmask(signal.SIG_SETMASK, mask)
    with open(pipe, "wb") as stream:
        for value in work():
            stream.write(json.dumps(value).encode() + b"\n")
            stream.flush()


def _read(pipe: int, until: float) -> bytes:
    """Return all that the process hands over, or what it has by then."""
    chunks = []
    while (left := until - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            break
        chunk = os.read(pipe, 1 << 20)
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks)
