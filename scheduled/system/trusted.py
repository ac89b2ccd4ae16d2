"""Whom to trust: files whose content is executed, or becomes the environment of what is.

cron may run a configuration as root. So such a file has to belong to root, to us, or to an owner
the configuration trusts, and nobody else may be able to change it or to put another in its place:
the same holds for every folder above it, up to `/`. A folder with the sticky bit, such as /tmp, may
be open to all. A link is followed, and the folders above its target count as well.

The path is followed from `/` down. What was found sound so far cannot be replaced by others, so
nothing changes between a check and what relies on it; of the file itself, the open descriptor is
checked.
"""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from scheduled.errors import UnreadableFileError, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import files, owners
from scheduled.system.files import Stamp

MOST_LINKS = 40


class UntrustedError(UnreadableFileError):
    """A file that somebody else could have written; it is not used."""


class _Entry(NamedTuple):
    """What a path leads to."""

    real: str
    """The path without links."""
    status: os.stat_result
    problem: str
    """Why others could have put something else in its place; empty if they could not."""


class Trust:
    """The owners that are trusted, and what is known about folders. Make one for each tick."""

    def __init__(self, more: Iterable[int] = ()) -> None:
        self.owners = frozenset((0, os.geteuid(), *more))
        self._known: dict[str, _Entry] = {}

    def and_of(self, names: Iterable[str]) -> "Trust":
        """Return the trust in these users besides; a number stands for a user without a name.

        Raises ValueError for an unknown one.
        """
        ids = [owners.number(name) for name in names]
        return Trust((*self.owners, *ids)) if ids else self

    def problems(self, path: Path) -> list[str]:
        """Return why a file must not be used, with what to do about it; empty if it may."""
        try:
            entry = self._entry(str(path))
        except OSError as error:
            return [f"{path}: {reason_of(error)}"]
        if stat.S_ISDIR(entry.status.st_mode):
            return [f"{path}: not a file; name the one in it"]
        reasons = (entry.problem, self.file_problem(entry.real, entry.status))
        return [reason for reason in reasons if reason]

    def folder_problems(self, folder: Path) -> list[str]:
        """Return why no file in a folder may be used; empty if the folder is no reason.

        In a folder with the sticky bit it depends on the owner of each file. Raises OSError if the
        folder cannot be examined or is not a folder.
        """
        entry = self._entry(str(folder))
        if not stat.S_ISDIR(entry.status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
        reasons = [entry.problem, self._owner_problem(entry.real, entry.status)]
        if owners.is_open(entry.status, entry.real):
            what = "others can put files in it"
            reasons.append(f"{folder}: {what}; type: chmod go-w {owners.typed(entry.real)}")
        return [reason for reason in reasons if reason]

    def place_problems(self, folder: Path) -> list[str]:
        """Return why somebody else could have made a folder, or replace it; empty if not."""
        try:
            entry = self._entry(str(folder))
        except OSError as error:
            return [f"{folder}: {reason_of(error)}"]
        problem = entry.problem or self._owner_problem(entry.real, entry.status)
        return [problem] if problem else []

    def file_problem(self, path: str, status: os.stat_result) -> str:
        """Return why a file must not be used, as far as its owner and mode tell; else ''."""
        mode = status.st_mode
        if status.st_uid in self.owners and not mode & owners.OTHERS and status.st_nlink == 1:
            return ""  # as of nearly every file
        if problem := self._owner_problem(path, status):
            return problem
        if owners.others_write(status, path):
            return f"{path}: others can write to it; type: chmod go-w {owners.typed(path)}"
        if status.st_nlink > 1 and stat.S_ISREG(mode) and self._is_shared(path):
            what = "a hard link, which anybody could have made of a file that is elsewhere"
            return f"{path}: {what}; copy the file, or move it to a directory of your own"
        return ""

    def _is_shared(self, path: str) -> bool:
        """Return whether everybody may put files beside this one, as in /tmp."""
        folder = self._entry(os.path.dirname(path) or "/")
        return owners.others_write(folder.status, folder.real)

    def read_stamped(self, path: str | Path) -> tuple[Stamp, bytes]:
        """Return the content of a file, and its stamp from before it was read.

        Raises UntrustedError with what to do, and UnreadableFileError.
        """
        try:
            entry = self._entry(str(path))
            if entry.problem:
                raise UntrustedError(*_split(entry.problem, path))
            with files.opened(entry.real, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
                status = os.fstat(descriptor)
                problem = self.file_problem(entry.real, status)
                if problem:
                    raise UntrustedError(*_split(problem, path))
                return files.read_open(descriptor, entry.real, status)
        except FileNotFoundError:
            raise UnreadableFileError(Path(path), "no such file") from None
        except OSError as error:
            raise UnreadableFileError(Path(path), reason_of(error)) from error

    def read(self, path: str | Path) -> bytes:
        """Return the content of a file. Raises as `read_stamped` does."""
        return self.read_stamped(path)[1]

    def _owner_problem(self, path: str, status: os.stat_result) -> str:
        if status.st_uid in self.owners or owners.is_outer_root(status, path):
            return ""
        return f"{path}: {owners.not_ours(status.st_uid)}"

    def _entry(self, path: str, links: int = 0) -> _Entry:
        """Return what a path leads to, with the first problem on the way. Raises OSError."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._found(path, links)
        return known

    def _found(self, path: str, links: int) -> _Entry:
        above, _, name = path.rstrip("/").rpartition("/")
        if not name:
            return _Entry("/", os.lstat("/"), "")
        folder = self._entry(above or "/", links)
        if name in (".", ".."):
            return self._entry(folder.real if name == "." else os.path.dirname(folder.real), links)
        real = f"{folder.real.rstrip('/')}/{name}"
        status = os.lstat(real)
        problem = folder.problem or self._replaceable(folder, name)
        if not stat.S_ISLNK(status.st_mode):
            return _Entry(real, status, problem)
        if links >= MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if folder.status.st_mode & stat.S_ISVTX:
            problem = problem or self._owner_problem(real, status)
        target = self._entry(os.path.join(folder.real, os.readlink(real)), links + 1)
        return target._replace(problem=problem or target.problem)

    def _replaceable(self, folder: _Entry, name: str) -> str:
        """Return why others could replace `name` in a folder; empty if they cannot."""
        if problem := self._owner_problem(folder.real, folder.status):
            return problem
        if not owners.is_open(folder.status, folder.real):
            return ""
        what = f"others can replace {name} in it"
        return f"{folder.real}: {what}; type: chmod go-w {owners.typed(folder.real)}"


def _split(problem: str, path: str | Path) -> tuple[Path, str]:
    """Return the place and the reason in a sentence about `path` or a folder above it."""
    place, _, reason = problem.partition(": ")
    return Path(path), reason if place == str(path) else problem
