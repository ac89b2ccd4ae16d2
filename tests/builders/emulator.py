"""A terminal of a few lines, as far as live lines need one: what somebody sees in the end."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence

_SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class Emulator:
    """Keeps all lines that were ever written, as a terminal with a history does."""

    def __init__(self) -> None:
        self.lines = [""]
        self._row = self._column = 0
        self.modes: list[str] = []
        """Sequences that change more than what is shown, such as the one that hides the cursor."""
        self.widest = 0

    def write(self, text: str) -> None:
        """Take what a program writes. Line feeds return the carriage, as a terminal has it."""
        for parameters, kind, control, plain in _SEQUENCE.findall(text):
            if plain:
                line = self.lines[self._row].ljust(self._column)
                self.lines[self._row] = (
                    line[: self._column] + plain + line[self._column + len(plain) :]
                )
                self._column += len(plain)
                self.widest = max(self.widest, self._column)
            elif control:
                self._column = 0
                if control == "\n":
                    self._row += 1
                    self.lines += [""] * (self._row - len(self.lines) + 1)
            elif kind == "A":
                self._row = max(self._row - int(parameters or 1), 0)
            elif kind in "KJ":
                self.lines[self._row] = self.lines[self._row][: self._column]
                if kind == "J":
                    del self.lines[self._row + 1 :]
            elif kind != "m":
                self.modes.append(f"{parameters}{kind}")

    def text(self) -> str:
        """What stands there, without blank lines at the end."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip()


class Watched:
    """A program on a real terminal of its own, which can be resized and typed into."""

    def __init__(self, command: Sequence[str], *, columns: int, lines: int, **environ: str) -> None:
        self._ours, theirs = pty.openpty()
        self.resize(columns, lines)
        surroundings = {key: text for key, text in os.environ.items() if key not in _OURS}
        surroundings |= {"TERM": "xterm-256color", **environ}
        self.process = subprocess.Popen(
            command,
            env=surroundings,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread
        )
        os.close(theirs)
        self.written = ""

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def until(self, is_met: Callable[[str], object], patience: float = 30.0) -> str:
        """Read until what was written meets a condition; return all of it."""
        end = time.monotonic() + patience
        while not is_met(self.written):
            assert time.monotonic() < end, self.written
            if not self._read():
                assert is_met(self.written), self.written
                break
        return self.written

    def ended(self, patience: float = 30.0) -> str:
        """Read to the end; return all that was written."""
        end = time.monotonic() + patience
        while self._read():
            assert time.monotonic() < end, self.written
        self.process.wait()
        os.close(self._ours)
        return self.written

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)

    def _read(self) -> bool:
        """Take what was written meanwhile; return False once the other side has hung up."""
        if not select.select([self._ours], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            return False
        self.written += data.decode("utf-8", "replace")
        return bool(data)


_OURS = ("COLUMNS", "LINES", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE")


def shown(written: str) -> Emulator:
    """What stands on a terminal in the end."""
    screen = Emulator()
    screen.write(written)
    return screen
