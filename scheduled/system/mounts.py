"""A view of the file system of one process alone: mount(2) in a namespace of its own.

It opens a few directories to a user to whom a directory above them is closed, as root's home is,
and nothing else that is there. For root, and only in a process that is about to start a program.
"""

import ctypes
import os
from collections.abc import Iterable, Mapping

from scheduled.errors import reason_of

_CLONE_NEWNS = 0x00020000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18


def show_alone(folders: Mapping[str, Iterable[str]]) -> None:
    """Have directories that are closed contain nothing but some of what is below them, read-only.

    `folders` are real paths, by the closed directory above them. It sets the umask. Raises OSError.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWNS) != 0:
        raise _error("/")
    _mount(None, "/", None, _REC | _PRIVATE)
    os.umask(0o022)
    for closed, below in folders.items():
        outermost = [path for path in below if not any(_is_inside(path, other) for other in below)]
        opened = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in outermost}
        _mount("none", closed, "tmpfs", _NOSUID | _NODEV, "mode=755,size=1m")
        for path, descriptor in opened.items():
            os.makedirs(path, 0o755)
            _mount(f"/proc/self/fd/{descriptor}", path, None, _BIND | _REC)
            _mount(None, path, None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)
            os.close(descriptor)
        _mount(None, closed, None, _REMOUNT | _RDONLY | _NOSUID | _NODEV, "mode=755")


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    library = ctypes.CDLL(None, use_errno=True)
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    given = os.fsencode(data) if data else None
    if library.mount(*texts, ctypes.c_ulong(flags), given) != 0:
        raise _error(target)


def _error(path: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"mount: {reason_of(OSError(number, os.strerror(number)))}", path)
