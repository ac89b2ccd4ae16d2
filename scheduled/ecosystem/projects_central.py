"""`PROJECTS.central.json`: what the jobs for projects have found, each in a part of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from scheduled.ecosystem import central
from scheduled.ecosystem.central import CentralFileError
from scheduled.errors import LockedError, UnparsableFileError, UnreadableFileError, reason_of
from scheduled.system import folder_lock
from scheduled.system.folder import Folder
from scheduled.system.text import one_line

NAME = "PROJECTS"
LISTED = 20
"""Projects in the daily report."""
LONG = 500
"""With more projects nobody reads the file."""
WAIT = 30.0
"""Seconds to wait for another job that writes the same file."""


class Place(Protocol):
    """What is needed of the context of a run."""

    @property
    def central_dir(self) -> Path:
        """The folder of the file."""

    @property
    def state_dir(self) -> Path | None:
        """The folder with the locks that all jobs share; no others write there."""

    @property
    def cache_dir(self) -> Path:
        """The folder of the lock where there is no state."""

    @property
    def local_timestamp(self) -> str:
        """The time that stands in the file."""


def update(context: Place, parts: Mapping[str, Any]) -> None:
    """Replace some parts of the file, atomically, and leave those of other jobs as they are.

    A file that cannot be understood is put aside. Raises CentralFileError.
    """
    path = central.path_of(context.central_dir, NAME)
    try:
        with (
            Folder.made(_lock_folder(context), 0o700) as folder,
            folder_lock.locked(folder, NAME, WAIT, mode=0o600),
        ):
            before = _before(context, path)
            head = {"service": "scheduled", "last_updated": context.local_timestamp}
            document = {**before, **head, **parts}
            is_long = len(document.get("projects", ())) > LONG
            central.write(context.central_dir, NAME, document, compact=is_long)
    except LockedError as error:
        raise CentralFileError(f"{path}: {error}") from error
    except OSError as error:
        raise CentralFileError(f"{path}: cannot be written ({reason_of(error)})") from error


def report(document: Mapping[str, Any]) -> list[str]:
    """Return the part of the daily report about projects; nothing where there are none."""
    totals, projects = document.get("totals"), document.get("projects")
    if not isinstance(totals, dict) or not isinstance(projects, dict):
        return []
    lines = [
        f"  - {one_line(name, 100)}: {one_line('; '.join(map(str, findings)), 300)}"
        for name, entry in projects.items()
        if isinstance(entry, dict) and isinstance(findings := entry.get("findings"), list)
        if findings
    ]
    more = [f"  - and {len(lines) - LISTED} more: scheduled projects"] if lines[LISTED:] else []
    return [
        "",
        "## Projects",
        f"- Registered: {totals.get('projects')}",
        f"- With changes that are not committed: {totals.get('dirty')}",
        f"- With findings: {totals.get('with_findings')}",
        *lines[:LISTED],
        *more,
    ]


def _lock_folder(context: Place) -> Path:
    return context.cache_dir if context.state_dir is None else context.state_dir / "locks"


def _before(context: Place, path: Path) -> dict[str, Any]:
    try:
        document = central.read_strictly(context.central_dir, NAME)
        if document is None:
            return {}
        if not isinstance(document, dict):
            raise UnparsableFileError(path, "not a JSON object")
        return document
    except UnparsableFileError as error:
        stamp = context.local_timestamp.replace("-", "").replace(":", "")
        central.put_aside(path, f"{path.name}.corrupt-{stamp}", error.reason)
        return {}
    except UnreadableFileError as error:
        raise CentralFileError(str(error)) from error
