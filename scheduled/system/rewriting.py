"""Rewriting files that other programs write to: what they write meanwhile is never lost.

A file is read while nobody has it open for writing, written beside, synced, and swapped in. What
was swapped out shows whether another program has written to it, or replaced it, since it was read:
then it is swapped back. Where the kernel cannot swap, that is looked at just before.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator

from scheduled.quick_classes import NamedTuple
from scheduled.system import files, linux, owners
from scheduled.system.folder import Folder, LinkError

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_CANNOT_SWAP = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
_ACCESS_LIST = "system.posix_acl_access"
_KEPT_ATTRIBUTES = ("user.", _ACCESS_LIST, "security.selinux")


class InUseError(OSError):
    """Another program has the file open for writing, or has written to it meanwhile."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EBUSY, "another program is writing to it", path)


class _Open(NamedTuple):
    """A file that is being rewritten."""

    folder: Folder
    name: str
    descriptor: int
    status: os.stat_result
    is_leased: bool

    def is_untouched(self, name: str) -> bool:
        """Return whether the file, which has this name now, is as it was when it was read."""
        if self.is_leased and not linux.has_lease(self.descriptor):
            return False
        return _mark(self.folder.status(name)) == _mark(self.status)


def rewrite(folder: Folder, name: str, change: Callable[[bytes], bytes | None]) -> bool:
    """Replace a file's content by what `change` makes of it; return False if that is None.

    Mode, owner and access list stay. Raises InUseError, LinkError for a link or a file with a
    second name, and OSError; the file is then as it was. What `change` raises is passed on.
    """
    with _opened(folder, name) as file:
        beside = beside_name(name)
        folder.unlink(beside)  # left by a process that was killed
        _, data = files.read_open(file.descriptor, name, file.status)
        new = change(data)
        if new is None:
            return False
        try:
            write_beside(folder, beside, new, (file.descriptor, file.status))
            _swap_in(file, beside)
        finally:
            folder.unlink(beside)
    folder.sync()
    return True


def take_back(folder: Folder, name: str, is_newer: Callable[[bytes, bytes], bool]) -> None:
    """Put back what another program wrote, if a process was killed that had just swapped it out.

    `is_newer` is given the content of what stands beside, and that of the file. Raises OSError.
    """
    beside = beside_name(name)
    if folder.stamp(beside) is None:
        return
    with contextlib.suppress(LinkError, PermissionError), _opened(folder, beside) as left:
        with _opened(folder, name) as file:
            contents = (
                files.read_open(each.descriptor, each.name, each.status)[1] for each in (left, file)
            )
            if is_newer(*contents) and left.is_untouched(beside) and file.is_untouched(name):
                os.replace(beside, name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        folder.sync()


def beside_name(name: str) -> str:
    """Return what a file is called that is to replace another one; always the same."""
    return f".{name.encode()[:200].decode(errors='ignore')}.new"


def write_beside(
    folder: Folder, name: str, data: bytes, like: tuple[int, os.stat_result] | None = None
) -> None:
    """Write a new file and sync it; it gets owner, mode and access list of an open one. OSError."""
    with files.opened(name, _NEW, 0o600, folder=folder.descriptor) as descriptor:
        files.write_whole(descriptor, data)
        if like is not None:
            _copy_access(*like, descriptor)
        os.fsync(descriptor)


@contextlib.contextmanager
def _opened(folder: Folder, name: str) -> Iterator[_Open]:
    path = f"{folder.path.rstrip('/')}/{name}"
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder.descriptor)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LinkError(path, "a link, which is not followed; name the file itself") from None
        raise
    try:
        status = os.fstat(descriptor)
        _refuse(path, status)
        lease = linux.take_lease(descriptor)
        if lease is False:
            raise InUseError(path)
        yield _Open(folder, name, descriptor, os.fstat(descriptor), bool(lease))
    finally:
        os.close(descriptor)


def _refuse(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    if status.st_nlink > 1:
        raise LinkError(path, "a hard link: it has a second name, which would keep the old content")
    if os.geteuid() not in (0, status.st_uid):
        raise PermissionError(errno.EPERM, f"belongs to {owners.name_of(status.st_uid)}", path)


def _copy_access(source: int, status: os.stat_result, descriptor: int) -> None:
    """Give an open file owner, mode and access list of another one. Raises OSError."""
    new = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    try:
        names, given = os.listxattr(source), os.listxattr(descriptor)
    except OSError:  # a file system without them
        names, given = [], []
    if _ACCESS_LIST in given and _ACCESS_LIST not in names:  # by the default of the folder
        os.removexattr(descriptor, _ACCESS_LIST)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for name in names:
        if name.startswith(_KEPT_ATTRIBUTES):
            os.setxattr(descriptor, name, os.getxattr(source, name))


def _swap_in(file: _Open, beside: str) -> None:
    """Give a file that was written beside its name. Raises InUseError if it was written to."""
    folder, name = file.folder, file.name
    with contextlib.ExitStack() as stack:
        placed = _held(folder, beside, stack)
        try:
            linux.exchange(folder.descriptor, beside, name)
        except OSError as error:
            if error.errno not in _CANNOT_SWAP:
                raise
            if not file.is_untouched(name):
                raise InUseError(f"{folder.path}/{name}") from None
            os.replace(beside, name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
            return
        if file.is_untouched(beside):
            return
        newer = _held(folder, beside, stack)
        while True:  # until what comes out is what was put in before: then nobody wrote in between
            linux.exchange(folder.descriptor, beside, name)
            out = _held(folder, beside, stack)
            if out == placed:
                raise InUseError(f"{folder.path}/{name}")
            placed, newer = newer, out


def _held(folder: Folder, name: str, stack: contextlib.ExitStack) -> tuple[int, int]:
    """Return what identifies a file; no other one gets its number before the stack ends."""
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder.descriptor)
    stack.callback(os.close, descriptor)
    return _identity(os.fstat(descriptor))


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _mark(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is written to; a change of its name alone changes ctime."""
    return *_identity(status), status.st_size, status.st_mtime_ns
