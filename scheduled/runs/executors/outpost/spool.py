"""How commands ended, in files on the machine where they ran, until their proxies know it."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from typing import Any

LARGEST = 4 * 1024 * 1024
"""Bytes of an end, with the report of a handler."""
KEPT_SECONDS = 7 * 24 * 3600
"""How long an end is kept if no proxy asks for it."""


def folder_of_ends() -> str | None:
    """Return the folder in which ends are kept, made if need be; None if there can be none."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home) or not os.path.isdir(home):
            return None
        base = os.path.join(home, ".cache")
    folder = os.path.join(base, "scheduled", "outposts")
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        status = os.lstat(folder)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return None
        if status.st_mode & 0o077:
            os.chmod(folder, 0o700)
        _prune(folder)
    except OSError:
        return None
    return folder


def _prune(folder: str) -> None:
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):  # another outpost may have removed it
            old = time.time() - os.lstat(path).st_mtime  # noqa: TID251 -- no other module is at hand
            if old > KEPT_SECONDS:
                os.unlink(path)


def keep(folder: str | None, token: str, end: dict[str, Any]) -> None:
    """Keep how a command ended; without a folder, do nothing."""
    if folder is None:
        return
    path = os.path.join(folder, token)
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(path + ".new", flags, 0o600)
        try:
            os.write(descriptor, json.dumps(end).encode())
        finally:
            os.close(descriptor)
        os.rename(path + ".new", path)


def kept(folder: str | None, token: str) -> dict[str, Any] | None:
    """Return how a command ended; None if that is not known."""
    if folder is None:
        return None
    try:
        descriptor = os.open(os.path.join(folder, token), os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb") as stream:
            found: dict[str, Any] = json.loads(stream.read(LARGEST))
            return found
    except (OSError, ValueError):
        return None


def forget(folder: str | None, token: str) -> None:
    """Forget how a command ended."""
    if folder is not None:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, token))
