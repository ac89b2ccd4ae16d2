"""Which file system a directory is on, by /proc/self/mountinfo, and whether it shares its locks.

Some are known not to share them: each host, or each mount, has locks of its own, so that two hosts
would run the same job at once, and neither would notice.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from scheduled.quick_classes import NamedTuple

MOUNTS = Path("/proc/self/mountinfo")
_SUSPECTS = (b" - fuse.sshfs ", b" - fuse.bindfs ", b" - fuse /", b" - nfs", b" - cifs ", b" - smb")
"""One of these stands in the line of each mount that is refused."""
_LOCAL_LOCKS = {
    "nfs": ("nolock", "local_lock=all", "local_lock=flock", "local_lock=posix"),
    "nfs4": ("nolock", "local_lock=all", "local_lock=flock", "local_lock=posix"),
    "cifs": ("nobrl",),
    "smb3": ("nobrl",),
}
"""The mount options that keep locks from the server."""


class Mount(NamedTuple):
    """A line of mountinfo: see proc_pid_mountinfo(5)."""

    id: bytes
    parent: bytes
    point: str
    kind: str
    source: str
    options: tuple[str, ...]


def lock_problem(path: str | os.PathLike[str]) -> str:
    """Return why locks in a directory do not keep out other hosts; '' as far as is known.

    It need not exist yet. A disk of this machine is recognised by its device.
    """
    real = os.path.realpath(path)
    if _is_on_a_disk(real):
        return ""
    try:
        table = MOUNTS.read_bytes()
    except OSError:
        return ""
    if not any(suspect in table for suspect in _SUSPECTS):
        return ""
    mount = holding(real, [*_mounts(table)])
    return _problem(mount) if mount is not None else ""


def holding(path: str, mounts: list[Mount]) -> Mount | None:
    """Return the mount that a real path is on: what is mounted over others hides them."""
    above = [mount for mount in mounts if _is_inside(path, mount.point)]
    known = {mount.id for mount in mounts}
    found = None
    for mount in above:  # of equals the last
        if found is None or len(mount.point) >= len(found.point):
            found = mount
    top = [mount for mount in above if mount.parent not in known or mount.parent == mount.id]
    if found is None or not top or (found in top and found.point != "/"):
        return found  # where the table is not whole, the longest path counts
    reached = top[-1]
    while True:
        # On its way down a path meets the shortest first, and never what lies hidden below that.
        below = [each for each in above if each.parent == reached.id and each.id != reached.id]
        if not below:
            return reached
        shortest = min(len(each.point) for each in below)
        reached = [each for each in below if len(each.point) == shortest][-1]
        above.remove(reached)


def _is_on_a_disk(real: str) -> bool:
    """Return whether a path, or what exists above it, is on a device of blocks."""
    for place in (real, *map(str, Path(real).parents)):
        try:
            return os.major(os.stat(place).st_dev) != 0
        except OSError:
            continue
    return False


def _mounts(table: bytes) -> Iterator[Mount]:
    for line in table.split(b"\n"):
        fields = line.split(b" ")
        if len(fields) < 10 or b"-" not in fields[6:]:
            continue
        end = fields.index(b"-", 6)
        about = fields[end + 1 :]
        if len(about) < 3:
            continue
        options = (_text(fields[5]) + "," + _text(b" ".join(about[2:]))).split(",")
        yield Mount(
            fields[0], fields[1], _text(fields[4]), _text(about[0]), _text(about[1]), (*options,)
        )


def _text(field: bytes) -> str:
    """Return a field as it is: the kernel writes blanks and backslashes in octal."""
    plain = re.sub(rb"\\([0-7]{3})", lambda found: bytes((int(found[1], 8) & 0xFF,)), field)
    return os.fsdecode(plain)


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _problem(mount: Mount) -> str:
    kind, source = mount.kind, mount.source
    if kind in ("fuse.sshfs", "fuse.bindfs"):
        return f"it is on {kind} ({source}), which does not pass locks on to other hosts"
    if kind == "fuse" and source.startswith("/") and source != "/dev/fuse":
        return f"it is on fuse ({source}, as bindfs shows it), which does not pass locks on"
    for option in _LOCAL_LOCKS.get(kind, ()):
        if option in mount.options:
            return (
                f"it is on {kind} ({source}), mounted with {option}, which keeps locks from others"
            )
    return ""
