"""Output that is still written after its run has ended, and must not fill the disk.

A run may leave a process behind that holds its output file, and a tick that dies leaves its runs
behind. The path of such a file is noted, in a file of its own, and every full tick looks after
the files noted until nobody writes to them. Between two ticks they may grow; then each is cut to
head and tail.
"""

import contextlib
import json
import os
from datetime import timedelta
from pathlib import Path

from scheduled.errors import StateError
from scheduled.quick_classes import NamedTuple
from scheduled.runs.output import OutputFile
from scheduled.system import linux, locks, private

FOLDER = "afterwards"
LOOK_AGAIN = timedelta(minutes=10)
"""How long ticks may stay idle while an output is watched."""


class _Note(NamedTuple):
    output: OutputFile
    size: int
    """The size of the output when its run had ended."""


def watch_if_open(output: OutputFile) -> None:
    """Watch the output of a run that has ended if some process still writes to it."""
    path = _note_path(output)
    if linux.has_writer(output.path):
        watch(output)
    else:
        private.remove(path)


def watch(output: OutputFile) -> None:
    """Watch an output from the next full tick on. A failure to note it is ignored."""
    with contextlib.suppress(OSError):
        note = {
            "job": output.path.parent.name,
            "run": output.path.name,
            "limit": output.limit,
            "size": output.path.lstat().st_size,
        }
        path = _note_path(output)
        private.make_folder(path.parent)
        private.replace(path, json.dumps(note).encode())


def trim_all(state_dir: Path) -> bool:
    """Trim the watched outputs that grew too far, finish those that nobody writes to any more.

    Returns whether any is still written to. Does nothing while another tick does it. Never
    raises.
    """
    folder = state_dir / FOLDER
    try:
        if not private.names(folder):
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True
    with contextlib.suppress(OSError, StateError):
        lock = locks.take(state_dir, FOLDER)
        if lock is None:
            return True
        try:
            still_open = [_trim(folder / name) for name in private.names(folder)]
            return any(still_open)
        finally:
            lock.release()
    return True


def _trim(path: Path) -> bool:
    """Trim or finish the output noted at `path`; return whether it is still written to."""
    note = _read(path)
    with contextlib.suppress(OSError):
        if note is not None and linux.has_writer(note.output.path):
            note.output.trim_if_large()
            return True
        if note is not None and note.output.path.lstat().st_size > note.size:
            note.output.finish()
    private.remove(path)
    return False


def _read(path: Path) -> _Note | None:
    """Return a note, or None if the file is not one."""
    try:
        note = json.loads(private.read(path))
        job, run = os.path.basename(note["job"]), os.path.basename(note["run"])
        output_path = path.parents[1] / "runs" / job / run
        return _Note(OutputFile(output_path, int(note["limit"])), int(note["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note_path(output: OutputFile) -> Path:
    """Return where an output in <state>/runs/<job>/ is noted."""
    return output.path.parents[2] / FOLDER / f"{output.path.name}.json"
