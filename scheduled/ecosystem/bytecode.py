"""The bytecode that Python keeps in folders called `__pycache__`: found, and deleted if it is old.

No link is followed, so nothing outside of a project is ever touched. Python writes a file of
bytecode beside its place and renames it, and compiles what it does not find: it may run meanwhile.
"""

import contextlib
import math
import os
import stat
import time
from collections.abc import Collection
from typing import Any

from scheduled.errors import reason_of
from scheduled.quick_classes import dataclass, field
from scheduled.system.text import one_line

CACHE = "__pycache__"
ENDING = ".pyc"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DEEPEST = 64
OUT_OF_TIME = "there was no time to look through all directories"
MOST = 10
"""Paths, and problems, that are named of a project."""


@dataclass
class Bytecode:
    """What a project has of it."""

    folders: int = 0
    paths: list[str] = field(default_factory=list)
    """The first of these folders."""
    files: int = 0
    size: int = 0
    removed: int = 0
    freed: int = 0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def find(
    folder: str,
    others: Collection[str],
    remove_before: float | None,
    until: float = math.inf,
) -> Bytecode:
    """Return the bytecode below a folder; what was changed before that instant is deleted.

    The search ends at a time of the monotonic clock, however much is left.
    The folders in `others` are projects of their own and left out, as are other file systems.
    """
    found = Bytecode()
    try:
        descriptor = os.open(folder, _FOLDER & ~os.O_NOFOLLOW)
    except FileNotFoundError:
        return found
    except OSError as error:
        _note(found, folder, error)
        return found
    search = _Search(found, others, remove_before, os.fstat(descriptor).st_dev, until)
    search.within(descriptor, os.path.realpath(folder), 0)
    return found


class _Search:
    """One project: what was found so far, and what is left out."""

    def __init__(
        self,
        found: Bytecode,
        others: Collection[str],
        remove_before: float | None,
        device: int,
        until: float,
    ) -> None:
        self._until = until
        self._found = found
        self._others = others
        self._remove_before = remove_before
        self._device = device

    def within(self, descriptor: int, path: str, depth: int) -> None:
        """Look through an open folder, which is closed."""
        try:
            with os.scandir(descriptor) as entries:
                names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            for name in sorted(names):
                if name != ".git" and f"{path}/{name}" not in self._others:
                    self._below(descriptor, name, f"{path}/{name}", depth + 1)
        except OSError as error:
            _note(self._found, path, error)
        finally:
            os.close(descriptor)

    def _below(self, above: int, name: str, path: str, depth: int) -> None:
        if time.monotonic() > self._until:
            if OUT_OF_TIME not in self._found.problems:
                self._found.problems.append(OUT_OF_TIME)
            return
        if depth > DEEPEST:
            self._found.problems.append(f"{one_line(path)}: more than {DEEPEST} directories deep")
            return
        try:
            descriptor = os.open(name, _FOLDER, dir_fd=above)
        except OSError as error:
            _note(self._found, path, error)
            return
        if os.fstat(descriptor).st_dev != self._device:
            os.close(descriptor)
        elif name == CACHE:
            self._count(descriptor, path)
        else:
            self.within(descriptor, path, depth)

    def _count(self, descriptor: int, path: str) -> None:
        """Count what is in a folder of bytecode, which is closed, and delete what is old."""
        found = self._found
        found.folders += 1
        if len(found.paths) < MOST:
            found.paths.append(path)
        try:
            for name in os.listdir(descriptor):
                if name.endswith(ENDING):
                    self._count_file(descriptor, name, path)
        except OSError as error:
            _note(found, path, error)
        finally:
            os.close(descriptor)

    def _count_file(self, descriptor: int, name: str, path: str) -> None:
        found, before = self._found, self._remove_before
        with contextlib.suppress(FileNotFoundError):  # Python has just replaced it
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                return
            if before is not None and status.st_mtime < before:
                try:
                    os.unlink(name, dir_fd=descriptor)
                except PermissionError as error:
                    _note(found, f"{path}/{name}", error)
                else:
                    found.removed += 1
                    found.freed += status.st_size
                    return
            found.files += 1
            found.size += status.st_size


def _note(found: Bytecode, path: str, error: OSError) -> None:
    found.problems.append(f"{one_line(path)}: {reason_of(error)}")
