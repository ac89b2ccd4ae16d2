"""The output of a run in progress, read piece by piece as it grows."""

import codecs
import os
import re
from pathlib import Path
from typing import IO

from scheduled.system import private

PIECE = 1024 * 1024
"""Most bytes that one look returns."""
GAP = "\n[...]\n"
"""Stands for what was cut out before it could be read."""
_CUT = re.compile(rb"\n\[\.\.\. (\d{1,15}) bytes cut: max_output is (\d{1,15}) \.\.\.\]\n")
"""The line that `runs.output` puts in the middle at the end of a run."""
_SEEN, _LEAST_SEEN = 64, 4
"""So many of the last bytes that were read tell where they stand after secrets were hidden."""


class LiveOutput:
    """Reads what a run has printed since the last look. Its file need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at = 0
        self._seen = b""

    def read(self) -> str:
        """Return what is new, at most a piece of it; '' if nothing is, or it cannot be read."""
        try:
            with private.opened(self._path, "rb") as stream:
                return self._read(stream)
        except OSError:
            return ""

    def _read(self, stream: IO[bytes]) -> str:
        size = stream.seek(0, os.SEEK_END)
        skipped = self._follow_cut(stream, size) if self._is_cut(stream, size) else False
        if size == self._at:
            return ""
        try:
            start = stream.seek(self._at, os.SEEK_DATA)
        except OSError:  # ENXIO: from here on there is no data
            return ""
        data = stream.read(PIECE) if start == stream.seek(start) else b""
        gap = GAP if start > self._at or skipped else ""
        self._at = start + len(data)
        self._seen = (self._seen + data)[-_SEEN:]
        if gap:
            data = data.lstrip(b"\0")
        return gap + self._decoder.decode(data)

    def _is_cut(self, stream: IO[bytes], size: int) -> bool:
        """Return whether what was read stands elsewhere now: the run has ended."""
        if size <= self._at:
            return size < self._at
        stream.seek(self._at - len(self._seen))
        before = stream.read(len(self._seen))
        return before != self._seen and before.strip(b"\0") != b""  # and no hole

    def _follow_cut(self, stream: IO[bytes], size: int) -> bool:
        """Go on behind what was read, in a file made shorter; return whether more was cut out.

        At the end of a run its middle is cut out and secrets are hidden. A last line that was
        printed after the last look is still there, and its place follows from the end.
        """
        stream.seek(0)
        data = stream.read(size)
        marks = [*_CUT.finditer(data)]
        if marks:
            mark = min(marks, key=lambda found: abs(found.start() - int(found[2]) // 2))
            whole = size - len(mark[0]) + int(mark[1])
            start, first = size - max(whole - self._at, 0), mark.end()
        else:
            start, first = self._end_of_seen(data, min(self._at, size)), 0
        self._at = max(start, first)
        self._seen = data[: self._at][-_SEEN:]
        return start < first

    def _end_of_seen(self, data: bytes, otherwise: int) -> int:
        """Return where what was read ends: the shorter a piece, the likelier it has no secret."""
        length = len(self._seen)
        while length >= _LEAST_SEEN:
            found = data.rfind(self._seen[-length:])
            if found >= 0:
                return found + length
            length //= 2
        return otherwise
