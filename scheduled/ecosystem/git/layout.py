"""Where a repository keeps its data: in the folder, beside it, or with another working tree."""

import os
import stat

from scheduled.ecosystem.git.reading import BrokenError, small
from scheduled.quick_classes import NamedTuple

DOT_GIT = ".git"
_LONGEST = 1 << 16


class Layout(NamedTuple):
    """The places of a repository."""

    git_dir: str
    """What is this working tree's alone: HEAD, index."""
    common_dir: str
    """What all working trees share: refs, objects, settings."""
    is_bare: bool = False
    is_worktree: bool = False
    """Whether it is a further working tree of a repository that is elsewhere."""
    is_submodule: bool = False

    @property
    def objects(self) -> str:
        """The folder of objects."""
        return f"{self.common_dir}/objects"

    def owners(self, folder: str) -> set[int]:
        """Return who owns the folders that a repository in a folder consists of."""
        places = {folder, self.git_dir, self.common_dir, self.objects}
        if not self.is_bare:
            places.add(f"{folder}/{DOT_GIT}")
        return {status.st_uid for place in places if (status := _status(place))}

    def data_owners(self) -> set[int]:
        """Return who owns the folders of refs and objects, wherever they are."""
        places = {self.git_dir, self.common_dir, self.objects, f"{self.common_dir}/refs"}
        return {status.st_uid for place in places if (status := _status(place))}


def find(folder: str) -> Layout | None:
    """Return the layout of the repository in a folder; None if it has none.

    Raises BrokenError.
    """
    status = _status(f"{folder}/{DOT_GIT}")
    if status is None:
        is_bare = _is_git_dir(folder)
        return Layout(folder, folder, is_bare=True) if is_bare else None
    git_dir = os.path.realpath(f"{folder}/{DOT_GIT}")
    is_elsewhere = stat.S_ISREG(status.st_mode)
    if is_elsewhere:
        git_dir = _target(folder, git_dir)
    if not os.path.isdir(git_dir):
        where = git_dir if is_elsewhere or stat.S_ISLNK(status.st_mode) else DOT_GIT
        raise BrokenError(
            f"{where} is not there" if is_elsewhere else f"{where} is not a directory"
        )
    common = small(f"{git_dir}/commondir", _LONGEST)
    common_dir = git_dir
    if common is not None:
        common_dir = _resolved(git_dir, common.strip(), "commondir")
    if not os.path.isdir(f"{common_dir}/objects") or not os.path.isdir(f"{common_dir}/refs"):
        raise BrokenError(f"no objects or no refs in {common_dir if is_elsewhere else DOT_GIT}")
    return Layout(
        git_dir,
        common_dir,
        is_worktree=is_elsewhere and common is not None,
        is_submodule=is_elsewhere and common is None and "/modules/" in git_dir,
    )


def _target(folder: str, file: str) -> str:
    """Return where a file called `.git` says that the repository is."""
    text = (small(file, _LONGEST) or b"").rstrip(b"\r\n")
    prefix, _, path = text.partition(b": ")
    if prefix != b"gitdir" or not path:
        raise BrokenError(".git is a file that does not say where the repository is")
    return _resolved(folder, path, DOT_GIT)


def _resolved(folder: str, path: bytes, name: str) -> str:
    if b"\0" in path:
        raise BrokenError(f"{name} names no path")
    return os.path.realpath(os.path.join(folder, os.fsdecode(path)))


def _is_git_dir(folder: str) -> bool:
    head = _status(f"{folder}/HEAD")
    return (
        head is not None
        and stat.S_ISREG(head.st_mode)
        and os.path.isdir(f"{folder}/objects")
        and os.path.isdir(f"{folder}/refs")
    )


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
