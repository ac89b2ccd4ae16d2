"""Lines at the bottom of a terminal that are drawn anew while a command goes on.

No mode of the terminal is changed and the cursor is never hidden: whoever kills the program leaves
the last lines behind and nothing else. The cursor stands below the lines, in a line of its own.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TextIO

from scheduled.views import signs, terminal
from scheduled.views.fitting import cut, isolated

AWAY_SECONDS = 5.0
"""After so long without a look the program was stopped: others may have written meanwhile."""
_UP, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"
Size = Callable[[], tuple[int, int]]
"""Returns how many columns and lines the terminal has now."""


class LiveLines:
    """Draws lines on a stream, and takes them away at the end."""

    is_plain = False

    def __init__(self, stream: TextIO, size: Size, environ: Mapping[str, str]) -> None:
        self._stream, self._size, self._environ = stream, size, environ
        self._drawn: list[str] = []
        self._looked_at = time.monotonic()

    def room(self) -> tuple[int, int]:
        """Return how many columns there are for a line, and how many lines."""
        columns, lines = self._size()
        return max(columns - 1, 1), max(lines - 1, 1)  # the cursor needs a place of its own

    def draw(self, lines: Sequence[str]) -> None:
        """Draw these lines in place of those before them."""
        columns, most = self.room()
        lines = [cut(isolated(line), columns) for line in lines[:most]]
        start = self._to_first_line()
        if lines != self._drawn:
            self._write(f"{start}{_below(lines)}{_CLEAR_BELOW}")
            self._drawn = lines

    def write_above(self, text: str) -> None:
        """Write text that stays, in place of the lines, which are drawn below it."""
        start = self._to_first_line()
        self._write(f"{start}{_CLEAR_BELOW}{text}\n{_below(self._drawn)}")

    def clear(self) -> None:
        """Take the lines away."""
        start = self._to_first_line()
        if self._drawn:
            self._write(f"{start}{_CLEAR_BELOW}")
            self._drawn = []

    def _to_first_line(self) -> str:
        """Return what moves the cursor to the first line; below all, if the program was away."""
        now = time.monotonic()
        if now - self._looked_at > AWAY_SECONDS:
            self._drawn = []
        self._looked_at = now
        return f"\r{_UP.format(len(self._drawn))}" if self._drawn else "\r"

    def _write(self, text: str) -> None:
        """Write to the terminal; if it is gone, the work goes on without it."""
        _write(self._stream, text, self._environ)


class PlainLines:
    """A terminal that only knows text: what is written stays."""

    is_plain = True

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream, self._environ = stream, environ

    def room(self) -> tuple[int, int]:
        """Return that there is no room for lines that change."""
        return 1, 0

    def draw(self, lines: Sequence[str]) -> None:
        """Draw nothing."""

    def write_above(self, text: str) -> None:
        """Write text."""
        _write(self._stream, f"{text}\n", self._environ)

    def clear(self) -> None:
        """Leave all as it is."""


def on(stream: TextIO, environ: Mapping[str, str]) -> LiveLines | PlainLines:
    """Return where to draw on a terminal; a dumb one gets lines that stay."""
    if environ.get("TERM", "") in ("", "dumb"):
        return PlainLines(stream, environ)
    return LiveLines(stream, terminal.size, environ)


def _below(lines: Iterable[str]) -> str:
    return "".join(f"{line}{_CLEAR_LINE}\n" for line in lines)


def _write(stream: TextIO, text: str, environ: Mapping[str, str]) -> None:
    with suppress(OSError, ValueError):
        stream.write(signs.encodable(text, stream.encoding or "utf-8", environ))
        stream.flush()
