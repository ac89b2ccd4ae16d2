"""What `script` has recorded of a terminal, as the screens that were seen."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r\n|[\r\n]|[^\x1b\r\n]+")
SHORTEST = 0.3
"""Seconds for which a screen is shown at least; what was there for less is left out."""
LONGEST, LAST = 1.0, 4.0


class Screen:
    """The lines of a terminal, with the sequences that colour them.

    It knows what the live view writes: whole lines, after which the cursor goes up to replace them.
    """

    def __init__(self) -> None:
        self.lines = [""]
        self.row = 0
        self.is_at_start = True
        """Of its line: what is written next replaces that."""

    def write(self, text: str) -> None:
        """Do with a text what a terminal does."""
        for token in _TOKEN.finditer(text):
            number, command = token[1], token[2]
            if command == "A":
                self.row = max(0, self.row - int(number or 1))
            elif command == "J":
                del self.lines[self.row + (not self.is_at_start) :]
                self.lines += [""] * (self.row == len(self.lines))
            elif command in (None, "m"):
                self._put(token[0])

    def _put(self, text: str) -> None:
        if text in ("\n", "\r\n"):
            self.row += 1
            self.lines += [""] * (self.row == len(self.lines))
        elif text != "\r":
            self.lines[self.row] = text if self.is_at_start else self.lines[self.row] + text
        self.is_at_start = text in ("\n", "\r\n", "\r")

    @property
    def text(self) -> str:
        """What is seen."""
        return "\n".join(self.lines).rstrip()


def screens(typed: bytes, timing: str, begin: str = "") -> list[tuple[str, float]]:
    """Return the screens of a recording, each with the seconds for which it is shown.

    `timing` has a line for each piece that was written: the seconds before it, and its bytes.
    """
    screen = Screen()
    screen.write(begin)
    seen = [(screen.text, SHORTEST * 2)]
    for seconds, piece in _pieces(typed, timing):
        text, lasted = seen[-1]
        seen[-1] = (text, lasted + seconds)
        screen.write(piece)
        if screen.text != text:
            seen.append((screen.text, 0.0))
    kept = [(text, min(lasted, LONGEST)) for text, lasted in seen[:-1] if lasted >= SHORTEST]
    return [*kept, (seen[-1][0], LAST)]


def _pieces(typed: bytes, timing: str) -> Iterator[tuple[float, str]]:
    rest = typed[typed.index(b"\n") + 1 :]  # the first line is the head that script writes
    for line in timing.splitlines():
        seconds, length = line.split()[-2:]
        piece, rest = rest[: int(length)], rest[int(length) :]
        yield float(seconds), piece.decode("utf-8", "replace")
