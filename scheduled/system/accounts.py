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


class Accounts:
    """Finds it out for many folders, which are below the same few."""

    def __init__(self) -> None:
        self._ours = os.geteuid()
        self._known: dict[str, int | None] = {}
        """By path the user who decides about it; None where that is root alone."""

    def user_for(self, folder: str) -> int:
        """Return with whose rights to look into a folder that need not exist.

        For everybody but root that is the user who asks. Raises OpenToAllError.
        """
        if self._ours != 0:
            return self._ours
        for path in _on_the_way(folder):
            if path not in self._known:
                self._known[path] = _owner(path)
            owner = self._known[path]
            if owner is not None:
                return owner
        return self._ours


def _owner(path: str) -> int | None:
    """Return who else than root decides what has this path; None if nobody. May raise."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if status.st_uid != 0 and not owners.is_outer_root(status, path):
        return status.st_uid
    if not os.path.islink(path) and owners.is_open(status, path):
        raise OpenToAllError(f"others can replace what is in {path}")
    return None


def _on_the_way(folder: str) -> Iterator[str]:
    """Yield the paths above a folder and its own, as written and without links; last `.git`."""
    real = os.path.realpath(folder)
    for whole in (folder, real) if real != folder else (folder,):
        path = ""
        yield "/"
        for part in whole.split("/")[1:]:
            path += f"/{part}"
            yield path
    yield f"{folder}/.git"
