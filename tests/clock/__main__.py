"""Run a command on another day: `python -m tests.clock +400d pytest`.

The clock of the command, and of all that it starts, is shifted by days (`d`) or seconds (`s`), or
so that it begins at an instant (2027-01-01T00:00:00, UTC), and goes on at its normal pace. The
times of files are shifted with it. Durations, deadlines and the time since the machine was started
are counted on clocks that nobody sets, and stay as they are. Needs libfaketime (Debian's package
faketime) and a C compiler for what it leaves out (preload.c).
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.clock.library import LIBRARIES

SECONDS = {"s": 1, "d": 24 * 60 * 60}
MANY = 100_000
_SHIFTED = "--shifted"
_NOT_SHARED = 119
TRIES = 20


def main(words: list[str]) -> int:
    """Shift the clock, run the command, and return its exit code; 2 if that cannot be."""
    if words[:1] == [_SHIFTED]:
        return _run(words[1:])
    seconds = _seconds(words[0]) if len(words) > 1 else None
    if seconds is None:
        print("usage: python -m tests.clock {+400d|-3d|INSTANT} COMMAND...", file=sys.stderr)
        return 2
    compiler = shutil.which("cc")
    if not LIBRARIES or compiler is None:
        print("needs libfaketime (apt install faketime) and a C compiler", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="scheduled-clock-") as folder:
        os.chmod(folder, 0o755)
        preload = Path(folder, "preload.so")
        source = Path(__file__).with_name("preload.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", preload, source], check=True)
        shift = {
            "LD_PRELOAD": f"{preload} {LIBRARIES[0]}",
            # On top of the shift of the clock that we look at ourselves.
            "FAKETIME": f"{seconds + int(os.environ.get('FAKETIME', '0')):+d}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKE_UTIME": "1",
        }
        environ = {name: text for name, text in os.environ.items() if name != "FAKETIME_SHARED"}
        again = [sys.executable, "-m", "tests.clock", _SHIFTED, *words[1:]]
        code = _NOT_SHARED
        for _ in range(TRIES):
            if code == _NOT_SHARED:
                code = subprocess.run(again, env=environ | shift, check=False).returncode
        return code


def _seconds(text: str) -> int | None:
    """Return by how much the clock is to be shifted; None if that cannot be understood."""
    if offset := re.fullmatch(r"([-+][0-9]+)([sd])", text):
        return int(offset[1]) * SECONDS[offset[2]]
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(start.timestamp() - time.time())


def _run(command: list[str]) -> int:
    """Run the command under the clock of this process, whose lock and memory it shares.

    Each process takes the lock for a moment when it starts. One that is killed meanwhile keeps it,
    and all that start later wait for ever; so let there be enough of it for all. Once in thousands
    of times libfaketime makes neither of them, on a busy machine; then it is tried again.
    """
    if "FAKETIME_SHARED" not in os.environ:
        return _NOT_SHARED
    name = os.environ["FAKETIME_SHARED"].split()[0]
    library = ctypes.CDLL(None, use_errno=True)
    library.sem_open.restype = ctypes.c_void_p
    lock = library.sem_open(name.encode(), 0)
    for _ in range(MANY):
        library.sem_post(ctypes.c_void_p(lock))
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
