"""The state directory as a place: ours alone, and in it nothing that others could have put there.

A tick looks at it before it writes anything. Nobody else may write to the directory, so what was
found sound stays so; what was planted before that, while it was open to all, is named here.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from scheduled.errors import StateError, UsageError, reason_of
from scheduled.idle import HEARTBEAT, HINT, SHELL_HINT
from scheduled.system import private
from scheduled.system.trusted import Trust

FILES = ("scheduled_state.json", HINT, SHELL_HINT, HEARTBEAT)
FOLDERS = ("journal", "cache", "afterwards", "pruned")
LARGE_FOLDERS = ("locks", "runs")
"""Those that may hold thousands of names. What is no file or directory is found without looking at
each; whose it is is asked when it is opened."""
MOST_NAMED = 5


def examine(state_dir: Path) -> None:
    """Raise UsageError if the directory is not ours alone, StateError for something unsafe in it.

    Our own directories in it that others could look into are closed to them.
    """
    try:
        status = _status(state_dir)
        if status is None:
            return
        problems = Trust().place_problems(state_dir)
        if not problems and (reason := private.folder_problem(str(state_dir), status)):
            problems = [f"{state_dir}: {reason}"]
        if problems:
            raise UsageError(f"{'; '.join(problems)}; nothing was run or written")
        unsafe = list(_unsafe(str(state_dir)))
    except OSError as error:
        raise StateError(f"{state_dir}: cannot be examined: {reason_of(error)}") from error
    if unsafe:
        named = "\n".join(unsafe[:MOST_NAMED])
        more = len(unsafe) - MOST_NAMED
        rest = f"\nand {more} more; `scheduled state check` names all" if more > 0 else ""
        raise StateError(f"{named}{rest}\nNo job runs until that is fixed.")


def refuse_unlockable(state_dir: Path) -> None:
    """Raise UsageError for a directory whose locks are known not to keep out other hosts."""
    status = _followed(state_dir)
    if status is not None and os.major(status.st_dev):
        return  # a disk of this machine
    from scheduled.system import file_systems

    if problem := file_systems.lock_problem(state_dir):
        raise UsageError(
            f"{state_dir}: {problem}, so jobs could run twice; nothing was run or written. Keep the"
            " state on a disk of this host, and name it with --state-dir"
        )


def _unsafe(state_dir: str) -> Iterator[str]:
    """Yield a sentence about everything of ours in the directory that is not ours alone."""
    for name in FILES:
        yield from _file(f"{state_dir}/{name}")
    for name in FOLDERS:
        yield from _folder(f"{state_dir}/{name}")
    for name in LARGE_FOLDERS:
        yield from _large_folder(f"{state_dir}/{name}")


def _file(path: str) -> Iterator[str]:
    status = _status(path)
    if status is not None and (reason := private.file_problem(path, status)):
        yield f"{path}: {reason}"


def _folder(path: str) -> Iterator[str]:
    sentences = list(_closed(path))
    yield from sentences
    if sentences or not os.path.isdir(path):
        return
    for entry in private.entries(path):
        if entry.is_dir(follow_symlinks=False):
            yield from _folder(entry.path)
        else:
            yield from _file(entry.path)


def _large_folder(path: str) -> Iterator[str]:
    sentences = list(_closed(path))
    yield from sentences
    if sentences or not os.path.isdir(path):
        return
    for entry in private.entries(path):
        is_plain = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
        if not is_plain:
            yield from _file(entry.path)


def _closed(path: str) -> Iterator[str]:
    """Close a directory of ours to others; yield a sentence if it is not ours alone."""
    status = _status(path)
    if status is None:
        return
    if status.st_uid == os.geteuid() and stat.S_ISDIR(status.st_mode):
        if status.st_mode & 0o077:
            private.close_folder(path)
    elif reason := private.folder_problem(path, status):
        yield f"{path}: {reason}"


def _followed(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _status(path: str | Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
