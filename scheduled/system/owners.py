"""Owners and modes: who could have written a file, and how that is said."""

import functools
import os
import stat
from pathlib import Path

OTHERS = stat.S_IWGRP | stat.S_IWOTH
OVERFLOW = Path("/proc/sys/kernel/overflowuid")
ONE_TO_ONE = ["0", "0", "4294967295"]
"""The map of user ids where there is no user namespace."""


def others_write(status: os.stat_result, path: str | int) -> bool:
    """Return whether somebody besides the owner may write to a file or folder.

    A group that has the owner as its only member is no other, as for sshd. `path` may be a
    descriptor.
    """
    mode = status.st_mode
    if not mode & OTHERS:
        return False
    return bool(mode & stat.S_IWOTH) or not _is_private_group(status, path)


def is_open(folder: os.stat_result, path: str | int) -> bool:
    """Return whether others may replace a file in a folder, whoever owns the file."""
    return not folder.st_mode & stat.S_ISVTX and others_write(folder, path)


def is_outer_root(status: os.stat_result, path: str) -> bool:
    """Return whether `/` or a mount point belongs to the root user outside of our user namespace.

    In there, users from outside have no number, and all appear as one that does not exist.
    """
    overflow = _overflow()
    return overflow is not None and status.st_uid == overflow and _is_mount_point(path)


def is_ours(path: Path) -> bool:
    """Return whether only we and root can have written this file; False if it is missing."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid in (0, os.geteuid())
        and not others_write(status, str(path))
    )


def name_of(uid: int) -> str:
    """Return the name of a user, or the number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def number(name: str) -> int:
    """Return the number of a user, or of one that is named by its number. Raises ValueError."""
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        if name.isascii() and name.isdigit():
            return int(name)
        raise ValueError(f"no user called {name}") from None


def not_ours(uid: int) -> str:
    """Return the end of a sentence about a file of somebody we do not trust, with what to do."""
    name = name_of(uid)
    return (
        f"neither yours nor root's, but {name}'s; type: {as_user(name)}, "
        f"or name {name} in trusted_owners: of a scheduled.yaml of your own"
    )


def as_user(name: str) -> str:
    """Return the command that runs the program as another user."""
    return f"sudo -u {name} scheduled ..."


def typed(path: str) -> str:
    """Return a path as it is typed in a shell."""
    import shlex

    return shlex.quote(path)


def _is_private_group(status: os.stat_result, path: str | int) -> bool:
    """Return whether the owner is the only member of the group of a file without an access list."""
    try:  # with an access list, the bits of the group are the most that anybody in it may do
        os.getxattr(path, "system.posix_acl_access")
    except OSError:
        return _has_group_alone(status.st_uid, status.st_gid)
    return False


@functools.cache
def _has_group_alone(uid: int, gid: int) -> bool:
    import grp
    import pwd

    try:
        owner, members = pwd.getpwuid(uid), grp.getgrgid(gid).gr_mem
    except KeyError:
        return False
    if owner.pw_gid != gid or any(member != owner.pw_name for member in members):
        return False
    return all(user.pw_uid == uid for user in pwd.getpwall() if user.pw_gid == gid)


@functools.cache
def _overflow() -> int | None:
    """Return the number of users from outside of our user namespace; None if we are in none."""
    try:
        if Path("/proc/self/uid_map").read_text("ascii").split() == ONE_TO_ONE:
            return None
        return int(OVERFLOW.read_text("ascii"))
    except (OSError, ValueError):
        return None


@functools.cache
def _is_mount_point(path: str) -> bool:
    if path == "/":
        return True
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return False
    return os.fsencode(path) in (_plain(line.split()[4]) for line in mounts)


def _plain(field: bytes) -> bytes:
    """Return a path of proc_pid_mountinfo(5), which has four characters as octal numbers."""
    for octal, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(octal, char)
    return field
