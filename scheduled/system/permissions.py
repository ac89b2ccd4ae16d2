"""Checks whether somebody else could change a file that is about to be trusted.

cron may run a configuration as root, so a file that another user can write to is refused, as
cron, ssh and logrotate do with theirs.
"""

import errno
import os
import stat
from pathlib import Path

from scheduled.errors import reason_of

OTHERS = stat.S_IWGRP | stat.S_IWOTH


def problems(path: Path) -> list[str]:
    """Return why a file must not be trusted, each with the command that fixes it; empty if it may.

    The folder counts as well, since whoever can write to it can replace the file: the folder of a
    link and that of the link's target. A sticky folder such as /tmp is accepted if the file belongs
    to root or to us.
    """
    real = Path(os.path.realpath(path))
    if real.is_dir():
        return [f"{path}: not a file; name the one in it"]
    try:
        reasons = [_file_problem(real)]
        reasons += [_folder_problem(folder, real) for folder in {path.parent: 1, real.parent: 1}]
    except OSError as error:
        return [f"{path}: {reason_of(error)}"]
    return [reason for reason in reasons if reason]


def folder_problems(folder: Path) -> list[str]:
    """Return why no file in a folder may be trusted; empty if the folder is no reason.

    Whoever can write to the parent folder can replace this one. In a sticky folder it depends on
    the owner of each file. Raises OSError if the folder cannot be examined or is not a folder.
    """
    real = Path(os.path.realpath(folder))
    mode = real.stat().st_mode
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a directory", str(folder))
    reasons = [_folder_problem(above, real) for above in {folder.parent: 1, real.parent: 1}]
    if mode & OTHERS and not mode & stat.S_ISVTX:
        reasons.append(f"{folder}: others can put files in it; type: chmod go-w {_typed(real)}")
    return [reason for reason in reasons if reason]


def is_ours(path: Path) -> bool:
    """Return whether only we and root can have written this file; False if it is missing."""
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
        return f"{file}: neither yours nor root's, in a directory everybody can write to; move it"
    return f"{folder}: others can replace {file.name} in it; type: chmod go-w {_typed(folder)}"


def _typed(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
