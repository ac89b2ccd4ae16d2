"""Who else could change what we are about to follow.

cron may run a configuration as root, so one that somebody else can write to is refused, as
cron, ssh and logrotate do with theirs.
"""

import errno
import os
import stat
from pathlib import Path

from scheduled.errors import reason_of

OTHERS = stat.S_IWGRP | stat.S_IWOTH


def problems(path: Path) -> list[str]:
    """Why the file must not be followed, with the command that mends it; nothing if it may be.

    The folder counts too, since who can write to it can put another file in the place of this
    one: the folder of a link and that of the file it leads to. A sticky folder such as /tmp is
    fine, if the file is root's or ours.
    """
    real = Path(os.path.realpath(path))
    if real.is_dir():
        return [f"{path}: not a file; name the one in it"]
    try:
        found = [_file_problem(real)]
        found += [_folder_problem(folder, real) for folder in {path.parent: 1, real.parent: 1}]
    except OSError as error:
        return [f"{path}: {reason_of(error)}"]
    return [one for one in found if one]


def folder_problems(folder: Path) -> list[str]:
    """Why no file in a folder may be followed; nothing if they may be, each as far as it goes.

    Who can write to the folder above can put another in its place. In a sticky folder it depends
    on whose each file is. Raises OSError for a folder that cannot be looked at, or is none.
    """
    real = Path(os.path.realpath(folder))
    mode = real.stat().st_mode
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
    found = [_folder_problem(above, real) for above in {folder.parent: 1, real.parent: 1}]
    if mode & OTHERS and not mode & stat.S_ISVTX:
        found.append(f"{folder}: others can put files in it; type: chmod go-w {_typed(real)}")
    return [one for one in found if one]


def is_ours(path: Path) -> bool:
    """Whether nobody but us and root can have written this file. False where there is none."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid in (0, os.geteuid())
        and not status.st_mode & OTHERS
    )


def _file_problem(path: Path) -> str:
    if path.stat().st_uid not in (0, os.geteuid()):
        return f"{path}: neither yours nor root's; type: chown {os.geteuid()} {_typed(path)}"
    if path.stat().st_mode & OTHERS:
        return f"{path}: others can write to it; type: chmod go-w {_typed(path)}"
    return ""


def _folder_problem(folder: Path, file: Path) -> str:
    mode = folder.stat().st_mode
    if not mode & OTHERS:
        return ""
    if mode & stat.S_ISVTX:
        if file.stat().st_uid in (0, os.geteuid()):
            return ""
        return f"{file}: neither yours nor root's, in a folder everybody can write to; move it"
    return f"{folder}: others can replace {file.name} in it; type: chmod go-w {_typed(folder)}"


def _typed(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
