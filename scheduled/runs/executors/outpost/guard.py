"""The parent of an outpost: if that is killed, nobody else would end what it has started."""

from __future__ import annotations

import os
import signal

from scheduled.runs.executors.outpost import family


def stay_behind() -> None:
    """Return in a child. The parent stays until that ends, and then kills what an early end left.

    All that the child has started becomes the parent's, once the child is dead.
    """
    family.become_subreaper()
    child = os.fork()
    if child == 0:
        return
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # whose ends are for the child alone to tell
        os.dup2(nothing, descriptor)
    status = os.waitpid(child, 0)[1]
    if status:
        family.Family(0).kill()
    os._exit(1 if status else 0)
