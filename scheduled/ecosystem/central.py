"""Central files: `NAME.central.json`, by which one service tells all others how things are."""

from pathlib import Path
from typing import Any

from scheduled.errors import ScheduledError, UnreadableFileError, reason_of
from scheduled.system.files import read_json, replace_json


class CentralFileError(ScheduledError):
    """A central file could not be written; the one that was there still is."""


def path_of(folder: Path, name: str) -> Path:
    """Where the central file `name` lies: `HEALTH`, `METRICS`, `AI_MAIL`, `PLANS`."""
    return folder / f"{name}.central.json"


def read(folder: Path, name: str) -> dict[str, Any]:
    """The central file `name`; empty where there is none, or none that can be understood.

    For reports, in which a source that is not there counts as nothing. Never write back what
    was read this way.
    """
    try:
        document = read_json(path_of(folder, name))
    except UnreadableFileError:
        return {}
    return document if isinstance(document, dict) else {}


def write(folder: Path, name: str, document: dict[str, Any]) -> None:
    """Replace the central file `name` atomically; the folder is created if need be.

    Raises CentralFileError that names the reason: no space, read-only, no permission.
    """
    path = path_of(folder, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_json(path, document)
    except OSError as error:
        reason = reason_of(error)
        raise CentralFileError(
            f"{path}: cannot be written ({reason}); make room or mend the permissions"
        ) from error
