"""Output that goes on after its run, and must not fill the disk.

A run may leave a process behind that holds its output file, and a tick that dies leaves a whole
run. Both are noted, a file each, and every full tick looks after them until nobody writes there
any more. Between two looks such a file may grow; what a look leaves is head and tail.
"""

import contextlib
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from scheduled.errors import StateError
from scheduled.runs.output import Capture
from scheduled.system import files, linux, locks

FOLDER = "afterwards"
LOOK_AGAIN = timedelta(minutes=10)
"""How long ticks may stay idle while there is something to look after."""


@dataclass(frozen=True)
class _Note:
    path: Path
    capture: Capture
    size: int
    """Bytes the output had when its run was over."""


def settle(capture: Capture) -> None:
    """To be called when a run is over: note its output if somebody still writes to it."""
    path = _place(capture)
    if linux.has_writer(capture.path):
        note(capture)
    elif path.exists():
        path.unlink(missing_ok=True)


def note(capture: Capture) -> None:
    """Have an output looked after from the next full tick on. What cannot be noted is not."""
    output = capture.path
    with contextlib.suppress(OSError):
        known = {
            "job": output.parent.name,
            "run": output.name,
            "limit": capture.limit,
            "size": output.stat().st_size,
        }
        path = _place(capture)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        files.replace(path, json.dumps(known).encode(), mode=0o600)


def look(state_dir: Path) -> bool:
    """Trim what has grown too far, finish what nobody writes to; whether anything is left.

    While another tick does it, nothing is done. Never raises.
    """
    folder = state_dir / FOLDER
    if not os.path.isdir(folder) or not os.listdir(folder):
        return False
    with contextlib.suppress(OSError, StateError):
        lock = locks.take(state_dir, FOLDER)
        if lock is None:
            return True
        try:
            written = [_looked_after(folder / name) for name in os.listdir(folder)]
            return any(written)
        finally:
            lock.release()
    return True


def _looked_after(path: Path) -> bool:
    """Whether somebody writes to the output that is noted at `path`."""
    noted = _read(path)
    with contextlib.suppress(OSError):
        if noted is not None and linux.has_writer(noted.capture.path):
            noted.capture.watch()
            return True
        if noted is not None and noted.capture.path.stat().st_size > noted.size:
            noted.capture.finish()
    path.unlink(missing_ok=True)
    return False


def _read(path: Path) -> _Note | None:
    """The note; None for what is none."""
    try:
        known = json.loads(path.read_bytes())
        job, run = os.path.basename(known["job"]), os.path.basename(known["run"])
        output = path.parents[1] / "runs" / job / run
        return _Note(path, Capture(output, int(known["limit"])), int(known["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _place(capture: Capture) -> Path:
    """Where an output is noted: it lies in <state>/runs/<job>/."""
    return capture.path.parents[2] / FOLDER / f"{capture.path.name}.json"
