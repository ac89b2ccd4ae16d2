"""The output of a run in progress, read piece by piece as it grows."""

import codecs
import os
from pathlib import Path
from typing import IO

from scheduled.system import private

PIECE = 1024 * 1024
"""Most bytes that one look returns."""
GAP = "\n[...]\n"
"""Stands for what was cut out before it could be read."""


class LiveOutput:
    """Reads what a run has printed since the last look. Its file need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at = 0

    def read(self) -> str:
        """Return what is new, at most a piece of it; '' if nothing is, or it cannot be read."""
        try:
            with private.opened(self._path, "rb") as stream:
                return self._read(stream)
        except OSError:
            return ""

    def _read(self, stream: IO[bytes]) -> str:
        size = stream.seek(0, os.SEEK_END)
        self._at = min(self._at, size)  # cut to its limit: what follows is at the new end
        if size == self._at:
            return ""
        try:
            start = stream.seek(self._at, os.SEEK_DATA)
        except OSError:  # ENXIO: from here on there is no data
            return ""
        data = stream.read(PIECE) if start == stream.seek(start) else b""
        gap, self._at = GAP if start > self._at else "", start + len(data)
        if gap:
            data = data.lstrip(b"\0")
        return gap + self._decoder.decode(data)
