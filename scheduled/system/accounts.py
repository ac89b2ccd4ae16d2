"""With whose rights root looks into a folder: with those of whoever decides what is there.

Whoever owns a folder, or one above it, or a link on the way, can put something else in its place
at any moment. With no more rights than theirs, nothing is found out for them that they could not
find out themselves.
"""

import os
from collections.abc import Iterator

from scheduled.system import owners


class OpenToAllError(Exception):
    """Anybody could have put what is there in its place; the message says where."""


def user_for(folder: str) -> int:
    """Return with whose rights to look into a folder that need not exist. Raises OpenToAllError.

    For everybody but root that is the user who asks.
    """
    ours = os.geteuid()
    if ours != 0:
        return ours
    for path in _on_the_way(folder):
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if status.st_uid != 0 and not owners.is_outer_root(status, path):
            return status.st_uid
        if not os.path.islink(path) and owners.is_open(status, path):
            raise OpenToAllError(f"others can replace what is in {path}")
    return ours


def _on_the_way(folder: str) -> Iterator[str]:
    """Yield the paths above a folder and its own, as written and without links; last `.git`."""
    for whole in (folder, os.path.realpath(folder)):
        path = ""
        yield "/"
        for part in whole.split("/")[1:]:
            path += f"/{part}"
            yield path
    yield f"{folder}/.git"
