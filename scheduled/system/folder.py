"""Files in folders that others write to: reached by descriptor, and never through links of theirs.

Whoever may write to a folder can put a link in the place of anything in it, at any moment. So such
a folder is opened once, and what is in it is reached through its descriptor, whatever becomes of
its path meanwhile. A link is followed only in a folder that nobody but root and we can change.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from scheduled.errors import LockedError
from scheduled.quick_classes import NamedTuple
from scheduled.system import files, owners
from scheduled.system.files import Stamp

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
MOST_LINKS = 40

_ours: set[str] = set()
"""Folders that only root and we can change, as can those above them, by their paths without links:
the next one in there need not be looked for from `/` on."""


class LinkError(OSError):
    """Something is a link, or has a second name, where others could have made it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(errno.ELOOP, reason, path)


class Found(NamedTuple):
    """A name in a folder, once links that may be followed have been."""

    folder: "Folder"
    name: str


class Folder:
    """An open folder. `path` is what messages call it, without links."""

    def __init__(
        self, path: str, descriptor: int, status: os.stat_result, *, is_ours: bool, within: str = ""
    ) -> None:
        self.path = path
        self.descriptor = descriptor
        self.seen = files.stamp_of(status)
        """Its stamp from when it was opened."""
        self.is_ours = is_ours
        """Whether only root and we can change it and the folders above it."""
        self.within = within
        """The folder out of which no link may lead, if there is one."""
        self.can_list = False
        """Whether its descriptor can do more than lead to what is in it."""

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a folder by its absolute path. Raises OSError, LinkError for a link of others."""
        above, _, name = os.fspath(path).rpartition("/")
        if above in _ours and name not in ("", ".", ".."):
            return cls._at(above).descended([name], MOST_LINKS)
        return cls._at("/").descended([*Path(path).parts[1:]], MOST_LINKS)

    @classmethod
    def within_itself(cls, path: str | os.PathLike[str]) -> Self:
        """Open a folder like `open`, out of which no link may lead."""
        folder = cls.open(path)
        folder.within = folder.path
        return folder

    @classmethod
    def made(cls, path: str | os.PathLike[str], mode: int = 0o755) -> Self:
        """Open a folder like `open`, which is made if it is missing, with those above it."""
        try:
            return cls.open(path)
        except FileNotFoundError:
            with cls.made(os.path.dirname(path), mode) as above:
                return above.make(os.path.basename(path), mode)

    @classmethod
    def _at(cls, path: str) -> Self:
        descriptor = os.open(path, _FOLDER | os.O_PATH)
        status = os.fstat(descriptor)
        return cls(path, descriptor, status, is_ours=_is_ours(path, descriptor, status))

    @classmethod
    def read_path(cls, path: str | os.PathLike[str]) -> tuple[Stamp, bytes]:
        """Read a file by its absolute path, as `open` and `read_stamped` do."""
        above, _, name = os.fspath(path).rpartition("/")
        with cls.open(above or "/") as folder:
            return folder.read(name)

    @classmethod
    @contextlib.contextmanager
    def file(cls, path: str | os.PathLike[str]) -> Iterator[Found]:
        """Yield where a file is, which need not exist. Raises OSError, LinkError."""
        above, _, name = os.fspath(path).rpartition("/")
        with cls.open(above or "/") as folder, folder.found(name) as found:
            yield found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def inner(self, name: str, *, to_list: bool = False) -> Self:
        """Open a folder in this one, which stays open; `to_list` it as well. Raises as `open`."""
        found = self._inner(name, to_list=to_list)
        if found is None:
            found = type(self).open(os.path.join(self.path, self._target(name)))
            found.within = self.within
            self._refuse_outside(name, found.path, found)
        return found

    def inner_within(self, name: str) -> Self:
        """Open a folder in this one like `inner`; out of this one no link may lead."""
        found = self._inner(name)
        if found is None:
            with type(self).within_itself(self.path) as bounded:
                return bounded.inner(name)
        found.within = self.path
        return found

    def make(self, name: str, mode: int = 0o755) -> Self:
        """Open a folder in this one, which is made if it is missing. Raises OSError.

        Where root makes it in a folder of somebody else, it is theirs.
        """
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, mode & ~0o022, dir_fd=self.descriptor)
            made = self.inner(name)
            with made.listing() as descriptor:
                if not os.listdir(descriptor):  # else it has been replaced by another one since
                    self.give_to_owner(descriptor)
            return made
        return self.inner(name)

    def is_link(self, name: str) -> bool:
        """Return whether a name is that of a link. Raises OSError."""
        return stat.S_ISLNK(self.status(name).st_mode)

    def status(self, name: str) -> os.stat_result:
        """Return the status of what has this name, be it a link. Raises OSError."""
        return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)

    def stamp(self, name: str) -> Stamp | None:
        """Return the stamp of a file; None if it is missing or cannot be examined."""
        try:
            return files.stamp_of(self.status(name))
        except OSError:
            return None

    def names(self) -> list[str]:
        """Return all names in the folder. Raises OSError."""
        try:
            with self.listing() as descriptor:
                return os.listdir(descriptor)
        except OSError as error:  # it is called by its number, or "."
            raise OSError(error.errno, error.strerror, self.path) from None

    @contextlib.contextmanager
    def found(self, name: str) -> Iterator[Found]:
        """Yield where a file is: here, or where a link leads that may be followed.

        It need not exist. Raises OSError, LinkError for a link that is not followed.
        """
        try:
            is_link = self.is_link(name)
        except FileNotFoundError:
            is_link = False
        if not is_link:
            yield Found(self, name)
            return
        target = os.path.realpath(os.path.join(self.path, self._target(name)))
        self._refuse_outside(name, target)
        with type(self).open(os.path.dirname(target)) as folder:
            yield Found(folder, os.path.basename(target))

    def _refuse_outside(self, name: str, target: str, opened: "Folder | None" = None) -> None:
        if self.within and not f"{target}/".startswith(f"{self.within}/"):
            if opened is not None:
                opened.close()
            raise LinkError(f"{self.path}/{name}", f"leads outside the branch, to {target}")

    def read(self, name: str) -> tuple[Stamp, bytes]:
        """Read a file like `read_stamped`, at the end of links that may be followed."""
        try:
            return self.read_stamped(name)
        except LinkError:
            if not self.is_link(name):
                raise
        with self.found(name) as found:
            return found.folder.read_stamped(found.name)

    def read_stamped(self, name: str) -> tuple[Stamp, bytes]:
        """Return a file's content, and its stamp from before. Raises OSError, LinkError for a link.

        A pipe or a device is refused, and in a folder of others what has a second name elsewhere.
        """
        descriptor, status = self._open(name)
        try:
            return files.read_open(descriptor, f"{self.path}/{name}", status)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """Yield a descriptor to read a file from. Raises as `read_stamped` does."""
        descriptor, _ = self._open(name)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _open(self, name: str) -> tuple[int, os.stat_result]:
        """Open a file to read it; return its status, too."""
        try:
            descriptor = os.open(name, _FILE, dir_fd=self.descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise LinkError(f"{self.path}/{name}", "a link, which is not followed") from None
            raise
        status = os.fstat(descriptor)
        if status.st_nlink > 1 and not self.is_ours and stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            reason = "a hard link, which is not read in a directory of others"
            raise LinkError(f"{self.path}/{name}", reason)
        return descriptor, status

    def foreign(self, name: str, descriptor: int) -> str:
        """Return why an open file of this folder may be somebody else's, or ''.

        It may belong to us, to root, and to the owner of the folder.
        """
        status, path = os.fstat(descriptor), f"{self.path.rstrip('/')}/{name}"
        if status.st_uid not in (0, os.geteuid(), os.fstat(self.descriptor).st_uid):
            return f"belongs to {owners.name_of(status.st_uid)}; remove it, or take it over"
        if owners.others_write(status, f"/proc/self/fd/{descriptor}"):
            return f"others can write to it; type: chmod go-w {owners.typed(path)}"
        return ""

    def followed(self, name: str) -> os.stat_result:
        """Return the status of a file, at the end of links that may be followed. Raises OSError."""
        status = self.status(name)
        if not stat.S_ISLNK(status.st_mode):
            return status
        with self.found(name) as found:
            return found.folder.status(found.name)

    def replace(
        self, name: str, data: bytes, *, mode: int = 0o644, before: Stamp | bool | None = False
    ) -> None:
        """Replace a file atomically, keeping mode and owner; what is no regular file is refused.

        With `before`, its stamp or None for a missing file, raises LockedError if another program
        has written it since. Raises OSError; the old file is then unchanged.
        """
        beside = files.name_beside(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with files.opened(beside, flags, folder=self.descriptor) as descriptor:
            try:
                files.write_whole(descriptor, data)
                self._copy_access(name, descriptor, mode)
                os.fsync(descriptor)
                if before is not False and self.stamp(name) != before:
                    raise LockedError(
                        f"{self.path}/{name}: written by a program that did not take the lock; "
                        "left alone, tried again later"
                    )
                os.replace(beside, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            except BaseException:
                self.unlink(beside)
                raise
        self.sync()

    def create(self, name: str, data: bytes, *, mode: int = 0o644) -> None:
        """Create a file and sync it. Raises FileExistsError if there is one, and OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with files.opened(name, flags, mode & ~0o022, folder=self.descriptor) as descriptor:
            try:
                files.write_whole(descriptor, data)
                self.give_to_owner(descriptor)
                os.fsync(descriptor)
            except BaseException:
                self.unlink(name)
                raise
        self.sync()

    def rename(self, name: str, new: str) -> None:
        """Rename a file within the folder. Raises OSError."""
        os.rename(name, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file; one that is missing is fine. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)

    def sync(self) -> None:
        """Sync the folder, so that names in it survive a power cut. Raises OSError."""
        with self.listing() as descriptor:
            os.fsync(descriptor)

    def listing(self) -> contextlib.AbstractContextManager[int]:
        """Return a descriptor that can do more than lead to what is in the folder."""
        if self.can_list:
            return contextlib.nullcontext(self.descriptor)
        return files.opened(".", os.O_RDONLY | os.O_DIRECTORY, folder=self.descriptor)

    def descended(self, parts: list[str], links: int) -> Self:
        """Return the folder that the parts of a path lead to from here; this one is closed."""
        folder = self
        try:
            while parts:
                name = parts.pop(0)
                inside = folder._inner(name)
                if inside is None:
                    parts[:0] = Path(target := folder._target(name)).parts
                    links -= 1
                    if not links:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), folder.path)
                    if not target.startswith("/"):
                        continue
                    parts.pop(0)
                    inside = self._at("/")
                folder.close()
                folder = inside
        except BaseException:
            folder.close()
            raise
        return folder

    def _inner(self, name: str, *, to_list: bool = False) -> Self | None:
        """Open a folder in this one; None if the name is that of a link."""
        path = f"{self.path.rstrip('/')}/{name}"
        try:
            flags = _FOLDER if to_list else _FOLDER | os.O_PATH
            descriptor = os.open(name, flags, dir_fd=self.descriptor)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP) and self.is_link(name):
                return None
            if error.errno == errno.EACCES and to_list:
                return self._inner(name)  # what is in it may be reached all the same, by its name
            raise OSError(error.errno, error.strerror, path) from None
        status = os.fstat(descriptor)
        is_ours = self.is_ours and _is_ours(path, descriptor, status)
        if is_ours:
            _ours.add(path)
        folder = type(self)(path, descriptor, status, is_ours=is_ours, within=self.within)
        folder.can_list = to_list
        return folder

    def _target(self, name: str) -> str:
        """Return where a link leads. Raises LinkError for one that others could have made."""
        path = f"{self.path.rstrip('/')}/{name}"
        status, folder = self.status(name), os.fstat(self.descriptor)
        is_sticky = bool(folder.st_mode & stat.S_ISVTX)
        if not self.is_ours or (is_sticky and status.st_uid not in (0, os.geteuid())):
            raise LinkError(path, "a link, which is not followed in a directory of others")
        return os.readlink(name, dir_fd=self.descriptor)

    def _copy_access(self, name: str, descriptor: int, mode: int) -> None:
        """Give a new file the owner and mode of the one that it replaces."""
        try:
            before = self.status(name)
        except FileNotFoundError:
            os.fchmod(descriptor, mode & ~files.umask() & ~0o022)
            self.give_to_owner(descriptor)
            return
        if not stat.S_ISREG(before.st_mode):
            raise LinkError(f"{self.path}/{name}", "not a regular file, so it is not replaced")
        if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)

    def give_to_owner(self, descriptor: int) -> None:
        """Give what root has just made to the owner of the folder, who needs to use it."""
        if os.geteuid() == 0:
            folder = os.fstat(self.descriptor)
            if (folder.st_uid, folder.st_gid) != (0, 0):
                os.fchown(descriptor, folder.st_uid, folder.st_gid)


def _is_ours(path: str, descriptor: int, status: os.stat_result) -> bool:
    """Return whether nobody but root and we can change what is in a folder, as far as it tells."""
    if status.st_uid not in (0, os.geteuid()) and not owners.is_outer_root(status, path):
        return False
    return not owners.is_open(status, f"/proc/self/fd/{descriptor}")
