"""Processes that write numbered lines to a log, as programs do while it is being cleaned up."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

KEEPS_OPEN, REOPENS, BUFFERS, SHELL = "keeps open", "reopens", "buffers", "shell"
WAYS = (KEEPS_OPEN, REOPENS, BUFFERS, SHELL)
_PROGRAM = """
import os, sys, time
path, way, lines, stop = sys.argv[1], sys.argv[2], [], sys.argv[3]
number = 0
log = None if way == "reopens" else open(path, "a", buffering=1 if way == "keeps open" else 4096)
while not os.path.exists(stop):
    line = f"{number:09d} a line of the log\\n"
    if log is None:
        with open(path, "a") as stream:
            stream.write(line)
    else:
        log.write(line)
    number += 1
    time.sleep(0.0002)
if log is not None:
    log.close()
print(number)
"""
_SHELL = """
number=0
exec 3>>"$1"
while [ ! -e "$2" ]; do
    printf '%09d a line of the log\\n' "$number" >&3
    number=$((number + 1))
done
echo "$number"
"""


class LogWriter:
    """A process that writes lines, numbered from 0, until `stop`."""

    def __init__(self, path: Path, way: str) -> None:
        self.path, self._stop = path, path.with_name(f"{path.name}.stop")
        self._stop.unlink(missing_ok=True)
        words = [str(path), str(self._stop)]
        command = ["/bin/sh", "-c", _SHELL, "sh", *words]
        if way != SHELL:
            command = [sys.executable, "-c", _PROGRAM, words[0], way, words[1]]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def has_written(self, lines: int) -> bool:
        """Whether it is that far; waits for it for some seconds."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if self.path.stat().st_size > lines * 30:
                    return True
            time.sleep(0.005)
        return False

    def stop(self) -> int:
        """Return how many lines it has written."""
        self._stop.touch()
        out, _ = self._process.communicate(timeout=30)
        self._stop.unlink(missing_ok=True)
        return int(out)


def numbers(path: Path) -> list[int]:
    """The numbers of the whole lines in a log."""
    lines = path.read_text().splitlines()
    return [int(line[:9]) for line in lines if line.endswith(" a line of the log")]


@contextlib.contextmanager
def writing(paths: dict[Path, str]) -> Iterator[dict[Path, LogWriter]]:
    """Have a log written each way that is named."""
    writers = {path: LogWriter(path, way) for path, way in paths.items()}
    try:
        assert all(writer.has_written(100) for writer in writers.values())
        yield writers
    finally:
        for writer in writers.values():
            if writer._process.poll() is None:
                writer._process.kill()
                writer._process.communicate()
