"""What a run prints: a file, never a pipe, and never larger than the job may print.

A file cannot block the job when nobody reads, and a child that stays behind holds nothing open
that anyone waits for. While the run goes on the file is looked at now and then and its middle
given back to the disk when it has grown too far; head and tail stay. Once the run is over, the
two are joined and secrets are hidden.
"""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from scheduled.runs.masking import Mask
from scheduled.system import linux

NOTHING = Mask({})
MODE = 0o600
SLACK = 4
"""The file may grow to this many times its limit between two looks before it is trimmed."""


@dataclass
class Capture:
    """The output file of one run, at most `limit` bytes once finished (and a line on the cut)."""

    path: Path
    limit: int
    _hole: int = field(default=0, init=False)
    """Bytes after the head that are given back to the disk and read as zeros."""
    _shrunk: int = field(default=0, init=False)
    """Bytes by which the file was made shorter."""

    def open(self) -> int:
        """A descriptor to give to the child as its stdout and stderr. Raises OSError.

        It appends, so that the child goes on at the new end after a trim.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        try:
            return os.open(self.path, flags, MODE)
        except FileNotFoundError:  # the job's first run
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self.path, flags, MODE)

    @property
    def cut(self) -> int:
        """Bytes taken out so far, while the run went on."""
        return self._hole + self._shrunk

    def watch(self) -> None:
        """Trim the file if it has grown too far. To be called while the run goes on.

        Raises OSError.
        """
        if self._size() - self._hole > SLACK * self.limit:
            self._trim()

    def finish(self, mask: Mask = NOTHING) -> None:
        """Cut the file to its limit, with a line in the middle that says how much is gone.

        What `mask` hides is hidden in what is left, and the pieces of it at the cut. A file with
        nothing in it is taken away, unless somebody may still write to it: a job of every minute
        would leave thousands. Raises OSError.
        """
        if not self._size():
            if not linux.has_writer(self.path):
                self.path.unlink(missing_ok=True)
            return
        with open(self.path, "r+b") as stream:
            try:
                if self.cut or self._size() > self.limit:
                    self._cut_out(stream, mask)
            finally:  # where there is no room for the line on the cut, secrets are hidden yet
                mask.rewrite(stream)

    def last_line(self, longest: int) -> bytes:
        """The last line with anything in it, before the file is finished.

        Empty where there is none, where it is longer than `longest` bytes, and where a cut may
        have gone through it.
        """
        try:
            with open(self.path, "rb") as stream:
                start = max(0, stream.seek(0, os.SEEK_END) - 2 * longest)
                stream.seek(start)
                text = stream.read().rstrip()
        except OSError:
            return b""
        at = text.rfind(b"\n") + 1
        # Where head and tail meet, a line may be the beginning of one and the end of another.
        joined = self.cut > 0 and start + at <= self.limit // 2 + self._hole
        torn = start > 0 and at == 0
        return b"" if joined or torn or len(text) - at > longest else text[at:].strip()

    def tail(self, lines: int) -> list[str]:
        """The last lines, undecodable bytes replaced; empty where there is no file."""
        try:
            with open(self.path, "rb") as stream:
                stream.seek(0, os.SEEK_END)
                stream.seek(max(0, stream.tell() - 64 * 1024))
                text = stream.read().decode("utf-8", "replace")
        except OSError:
            return []
        return text.splitlines()[-lines:]

    def _cut_out(self, stream: BinaryIO, mask: Mask) -> None:
        head, tail = self._ends(stream.fileno())
        gone = self._shrunk + self._size() - len(head) - len(tail)
        if gone <= 0:
            return
        mark = f"\n[... {gone} bytes cut: max_output is {self.limit} ...]\n".encode()
        head, tail = mask.ends(head, tail)
        linux.reserve(stream.fileno(), len(head) + len(mark) + len(tail))
        stream.writelines((head, mark, tail))
        stream.truncate()

    def _trim(self) -> None:
        half, size = self.limit // 2, self._size()
        hole = size - self.limit
        with open(self.path, "r+b") as stream:
            # A writer never stops for us. Were the file made shorter, what is printed between our
            # reading of its end and the cut would be gone, the last line perhaps.
            if linux.punch_hole(stream.fileno(), half, hole):
                self._hole = hole
            else:
                self._shrink(stream.fileno(), size)

    def _shrink(self, descriptor: int, size: int) -> None:
        """The same for a file system that knows no holes; it may lose a line once in a while."""
        head, tail = self._ends(descriptor)
        os.ftruncate(descriptor, len(head))
        end = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            kept = os.write(end, tail)
        finally:
            os.close(end)
        self._shrunk += size - len(head) - kept

    def _ends(self, descriptor: int) -> tuple[bytes, bytes]:
        half = self.limit // 2
        size = self._size()
        head = os.pread(descriptor, half, 0)
        start = max(len(head), size - (self.limit - half))
        return head, os.pread(descriptor, size - start, start)

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def prune(folder: Path, oldest: float) -> None:
    """Delete the output of runs that was last written before `oldest`, in epoch seconds.

    What cannot be deleted stays, and comes up again another day; so does what a process still
    writes to, which would go on out of sight.
    """
    for job in _entries(folder):
        for output in _entries(job.path) if job.is_dir(follow_symlinks=False) else ():
            with contextlib.suppress(OSError):
                is_old = output.stat(follow_symlinks=False).st_mtime < oldest
                if is_old and not linux.has_writer(Path(output.path)):
                    os.unlink(output.path)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []
