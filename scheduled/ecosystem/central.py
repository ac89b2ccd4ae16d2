"""Central files: `NAME.central.json`, in which one service publishes its status to all others."""

from pathlib import Path
from typing import Any

from scheduled.errors import ScheduledError, UnreadableFileError, reason_of
from scheduled.system.files import json_bytes, json_line, parse_json
from scheduled.system.folder import Folder


class CentralFileError(ScheduledError):
    """A central file could not be written; the old one is unchanged."""


def path_of(folder: Path, name: str) -> Path:
    """Return the path of the central file `name`: `HEALTH`, `METRICS`, `PROJECTS`."""
    return folder / f"{name}.central.json"


def read(folder: Path, name: str) -> dict[str, Any]:
    """Return the central file `name`; empty if it is missing or cannot be understood.

    For reports, in which a missing source counts as nothing. Never write back what was read this
    way.
    """
    try:
        document = read_strictly(folder, name)
    except UnreadableFileError:
        return {}
    return document if isinstance(document, dict) else {}


def read_strictly(folder: Path, name: str) -> Any:
    """Return the central file `name`; None if it is missing or has nothing in it.

    Raises UnreadableFileError for one that cannot be understood, and for a link that others could
    have made.
    """
    path = path_of(folder, name)
    try:
        data = Folder.read_path(path)[1]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnreadableFileError(path, reason_of(error)) from error
    return parse_json(data, path) if data else None


def write(folder: Path, name: str, document: dict[str, Any], *, compact: bool = False) -> None:
    """Replace the central file `name` atomically; the folder is created if necessary.

    A `compact` one is on a single line: a long one takes a tenth of the time then.
    Raises CentralFileError with the reason: no space, read-only, no permission.
    """
    path = path_of(folder, name)
    try:
        data = json_line(document) if compact else json_bytes(document)
        with Folder.made(folder) as place, place.found(path.name) as found:
            found.folder.replace(found.name, data)
    except OSError as error:
        reason = reason_of(error)
        raise CentralFileError(
            f"{path}: cannot be written ({reason}); make room or fix the permissions"
        ) from error


def put_aside(path: Path, new: str, reason: str) -> None:
    """Give a central file that cannot be understood another name. Raises CentralFileError."""
    try:
        with Folder.file(path) as (folder, name):
            folder.rename(name, new)
    except OSError as error:
        why = reason_of(error)
        raise CentralFileError(f"{path}: {reason}, and cannot be put aside ({why})") from error
