"""The output file of a run, which never grows far beyond the job's `max_output`.

It is a file and no pipe: a file never blocks the job, and nobody waits for a process left behind
to close it. While the run goes on, the middle of a file that has grown too large is given back to
the disk; head and tail stay. Once the run has ended, the two are joined and secrets are hidden.
"""

import os
from pathlib import Path
from typing import IO

from scheduled.quick_classes import dataclass, field
from scheduled.system import linux, private
from scheduled.system.masking import Mask

NO_SECRETS = Mask({})
SLACK = 4
"""The file is trimmed when it has grown to this many times its limit."""


@dataclass
class OutputFile:
    """The output of one run: at most `limit` bytes once finished, and a line about the cut."""

    path: Path
    limit: int
    _hole: int = field(default=0, init=False)
    """Bytes after the head that were given back to the disk and read as zeros."""
    _shrunk: int = field(default=0, init=False)
    """Bytes by which the file was made shorter."""

    def open(self) -> int:
        """Open the file as stdout and stderr of the child. Raises OSError.

        The descriptor appends, so that the child continues at the new end after a trim.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        try:
            return private.open_file(self.path, flags)
        except FileNotFoundError:  # the job's first run
            private.make_folder(self.path.parent)
            return private.open_file(self.path, flags)

    @property
    def cut(self) -> int:
        """Bytes cut out so far, while the run is in progress."""
        return self._hole + self._shrunk

    def trim_if_large(self) -> None:
        """Trim the file of a run in progress if it has grown too large. Raises OSError."""
        if self._size() - self._hole > SLACK * self.limit:
            self._trim()

    def finish(self, mask: Mask = NO_SECRETS) -> None:
        """Cut the file to its limit, with a line in the middle that says how much was cut.

        Secrets are hidden, and so are pieces of them at the cut. An empty file is deleted unless
        a process still writes to it: a job that runs every minute would leave thousands. Raises
        OSError.
        """
        if not self._size():
            if not linux.has_writer(self.path):
                private.remove(self.path)
            return
        with private.opened(self.path, "r+b") as stream:
            try:
                if self.cut or self._size() > self.limit:
                    self._cut_out(stream, mask)
            finally:  # hide secrets even if the disk is too full for the line about the cut
                mask.rewrite(stream)

    def last_line(self, longest: int) -> bytes:
        """Return the last line that is not blank, of a file that is not finished yet.

        Returns b"" if there is none, if it is longer than `longest` bytes, and if it may have
        been cut.
        """
        try:
            if not self._size():
                return b""
            with private.opened(self.path, "rb") as stream:
                start = max(0, stream.seek(0, os.SEEK_END) - 2 * longest)
                stream.seek(start)
                text = stream.read().rstrip()
        except OSError:
            return b""
        at = text.rfind(b"\n") + 1
        # Where head and tail meet, a line may be the start of one line and the end of another.
        is_joined = self.cut > 0 and start + at <= self.limit // 2 + self._hole
        is_torn = start > 0 and at == 0
        return b"" if is_joined or is_torn or len(text) - at > longest else text[at:].strip()

    def tail(self, lines: int) -> list[str]:
        """Return the last lines, undecodable bytes replaced; none if there is no file."""
        try:
            with private.opened(self.path, "rb") as stream:
                stream.seek(0, os.SEEK_END)
                stream.seek(max(0, stream.tell() - 64 * 1024))
                text = stream.read().decode("utf-8", "replace")
        except OSError:
            return []
        return text.splitlines()[-lines:]

    def _cut_out(self, stream: IO[bytes], mask: Mask) -> None:
        head, tail = self._ends(stream.fileno())
        missing = self._shrunk + self._size() - len(head) - len(tail)
        if missing <= 0:
            return
        mark = f"\n[... {missing} bytes cut: max_output is {self.limit} ...]\n".encode()
        head, tail = mask.ends(head, tail)
        linux.reserve(stream.fileno(), len(head) + len(mark) + len(tail))
        stream.writelines((head, mark, tail))
        stream.truncate()

    def _trim(self) -> None:
        half, size = self.limit // 2, self._size()
        hole = size - self.limit
        with private.opened(self.path, "r+b") as stream:
            # The job keeps writing. If the file were made shorter, whatever it prints between
            # the reading of the tail and the cut would be lost, perhaps its last line.
            if linux.punch_hole(stream.fileno(), half, hole):
                self._hole = hole
            else:
                self._shrink(stream.fileno(), size)

    def _shrink(self, descriptor: int, size: int) -> None:
        """Trim on a file system without holes; in rare cases a line is lost."""
        head, tail = self._ends(descriptor)
        os.ftruncate(descriptor, len(head))
        end = private.open_file(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            written = os.write(end, tail)
        finally:
            os.close(end)
        self._shrunk += size - len(head) - written

    def _ends(self, descriptor: int) -> tuple[bytes, bytes]:
        half = self.limit // 2
        size = self._size()
        head = os.pread(descriptor, half, 0)
        start = max(len(head), size - (self.limit - half))
        return head, os.pread(descriptor, size - start, start)

    def _size(self) -> int:
        try:
            return self.path.lstat().st_size
        except FileNotFoundError:
            return 0


def has_no_space(folder: Path) -> bool:
    """Return whether there is no space left for us on the file system of a folder."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    free = status.f_bfree if os.geteuid() == 0 else status.f_bavail
    return status.f_blocks > 0 and free == 0
