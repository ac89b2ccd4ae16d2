"""A handler on another machine: its description, its process, and its report."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from typing import IO, Any

LARGEST = 1024 * 1024
"""Bytes; a larger report is not passed on."""
MODULE = "scheduled.runs.handler_child"


def installed() -> str:
    """Return which version of scheduled this Python has; empty if it has none."""
    # `importlib.util` would find the modules of the outpost, which bear the name `scheduled`.
    for finder in sys.meta_path:
        found = finder.find_spec("scheduled", None)
        for folder in (found and found.submodule_search_locations) or ():
            try:
                with open(os.path.join(folder, "version.py"), encoding="utf-8") as stream:
                    return stream.read(LARGEST).rpartition("__version__ = ")[2].strip("\"'\n ")
            except (OSError, ValueError):
                continue
    return ""


def remove(token: str) -> None:
    """Remove the temporary directory of a handler, if there is one."""
    with contextlib.suppress(OSError):
        shutil.rmtree(_folder(token), ignore_errors=True)


def _folder(token: str) -> str:
    return os.path.join(tempfile.gettempdir(), f"scheduled-{token[:16]}")


class Handler:
    """A handler in a process of its own, with a temporary directory."""

    def __init__(self, description: dict[str, Any], root: str, token: str) -> None:
        self._token, self._folder = token, _folder(token)
        os.mkdir(self._folder, 0o700)
        self._report = os.path.join(self._folder, "report")
        cache = os.path.join(self._folder, "cache")
        os.mkdir(cache, 0o700)
        here = {"root": root, "cache_dir": cache, "central_dir": cache, "state_dir": cache}
        self._description = {**description, **here}

    @staticmethod
    def problem() -> str:
        """Return why no handler can run on this machine; empty if one can."""
        if installed():
            return ""
        return (
            f"{sys.executable}: scheduled is not installed for this Python; a handler needs it, and"
            " its own package"
        )

    def command(self) -> list[str]:
        """Return the command that runs it."""
        return [sys.executable, "-P", "-X", "utf8", "-m", MODULE, self._report]

    def stdin(self) -> IO[bytes]:
        """Return its description, a file for its standard input."""
        path = os.path.join(self._folder, "description")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(self._description, stream)
        return open(path, "rb")

    def report(self) -> str:
        """Return its report and remove its directory; empty if there is none or it is too large."""
        try:
            with open(self._report, encoding="utf-8") as stream:
                text = stream.read(LARGEST + 1)
        except (OSError, ValueError):
            text = ""
        remove(self._token)
        return text if len(text) <= LARGEST else ""
