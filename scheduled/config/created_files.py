"""Job files as `create` left them: to know one again, and to delete it when its job has succeeded.

A tick deletes nothing else of a configuration. So the state keeps where `create` wrote a file and
what was in it, and only the very same file is deleted: a file, not a link, with one name, of the
user whom the tick runs as, byte by byte as it was written.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from scheduled.errors import UnreadableFileError, reason_of
from scheduled.system.folder import Folder


def digest(data: bytes) -> str:
    """Return by what the content of a file is known again."""
    return hashlib.sha256(data).hexdigest()


def problem(created: Mapping[str, str] | None) -> str:
    """Return why a file is not deleted by itself; '' if it is as `create` left it."""
    if not created or not created.get("file") or not created.get("sha256"):
        return "its file was not made by `scheduled create`"
    path = Path(created["file"])
    try:
        with Folder.open(path.parent) as folder:
            return _difference(folder, path, created["sha256"])
    except (OSError, UnreadableFileError) as error:
        return f"{path}: {reason_of(error) if isinstance(error, OSError) else error}"


def delete(created: Mapping[str, str]) -> str:
    """Delete a file if it still is as `create` left it; return why it was not deleted, or ''."""
    path = Path(created["file"])
    try:
        with Folder.open(path.parent) as folder:
            reason = _difference(folder, path, created["sha256"])
            if not reason:
                folder.unlink(path.name)
                folder.sync()
            return reason
    except (OSError, UnreadableFileError) as error:
        return f"{path}: {reason_of(error) if isinstance(error, OSError) else error}"


def _difference(folder: Folder, path: Path, sha256: str) -> str:
    status = folder.status(path.name)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        return f"{path}: is a link"
    if status.st_uid != os.geteuid():
        return f"{path}: belongs to another user"
    if not folder.is_ours:
        return f"{path.parent}: others may write to it"
    _, data = folder.read(path.name)
    if digest(data) != sha256:
        return f"{path}: was changed since `scheduled create` wrote it"
    after = folder.status(path.name)
    if (after.st_dev, after.st_ino) != (status.st_dev, status.st_ino):
        return f"{path}: was replaced"
    return ""
