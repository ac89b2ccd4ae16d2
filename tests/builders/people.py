"""Other people: what happens to somebody who is not root."""

import os
from collections.abc import Callable

NOBODY = 65534


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


def _told(action: Callable[[], object]) -> str:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        action()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "done"
