"""The parent of an outpost, which ends the command if the outpost is killed."""

from __future__ import annotations

import os
import signal

from scheduled.runs.executors.outpost import family, handler


def stay_behind(token: str) -> None:
    """Fork, and return in the child; the parent waits for it, and exits.

    As the subreaper, the parent inherits what the child leaves behind; if the child was killed, it
    kills that, and removes the files of a handler.
    """
    family.become_subreaper()
    child = os.fork()
    if child == 0:
        return
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # their other ends notice once the child has ended
        os.dup2(nothing, descriptor)
    status = os.waitpid(child, 0)[1]
    if status:
        family.Family(0).kill()
        handler.remove(token)
    os._exit(1 if status else 0)
