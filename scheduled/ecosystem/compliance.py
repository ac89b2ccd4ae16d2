"""Rules that projects have to comply with: files they must have, may not have, and what is in them.

In a repository, the tracked files count; elsewhere all files, but for those that tools make.
"""

import fnmatch
import glob
import itertools
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scheduled.ecosystem import secrets_found
from scheduled.ecosystem.git import layout, repository
from scheduled.ecosystem.git.reading import BrokenError, small
from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system.text import one_line

MIB = 1024 * 1024
SEARCHED = 1 * MIB
"""Files that are larger are not searched for secrets, nor are those with a zero byte early on."""
EARLY = 8000
MOST_FILES = 100_000
MADE_BY_TOOLS = {".git", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache"}
LISTED = 10


class Rules(NamedTuple):
    """What is asked of each project."""

    required: Sequence[str]
    forbidden: Sequence[str]
    ignored: Sequence[str]
    secrets: bool
    largest: float
    """Bytes; 0: any number."""

    def __bool__(self) -> bool:
        return bool(self.required or self.forbidden or self.secrets or self.largest)


def scan(folder: str, rules: Rules) -> dict[str, Any]:
    """Return how a project complies: `passed`, `issues`, `scanned_files` and more, or `error`."""
    try:
        os.listdir(folder)
        files = [path for path in _files(folder) if not _matches(path, rules.ignored)]
    except BrokenError as error:
        return {"error": f"corrupt repository: {error}"}
    except OSError as error:
        return {"error": f"it cannot be read: {reason_of(error)}"}
    issues = [*_missing(folder, rules.required)]
    for path in files[:MOST_FILES]:
        if _matches(path, rules.forbidden):
            issues.append(f"{one_line(path, 200)}: forbidden")
        issues += _about(folder, path, rules)
    if len(files) > MOST_FILES:
        issues.append(f"more than {MOST_FILES:,} files; the others were not looked at")
    return {
        "passed": not issues,
        "issues": len(issues),
        "scanned_files": len(files[:MOST_FILES]),
        "findings": issues[:LISTED],
    }


def problem_of(patterns: Sequence[str]) -> str:
    """Return why one of the patterns for files is not usable, or ''."""
    for pattern in patterns:
        if not pattern.strip() or "\0" in pattern:
            return f"{pattern!r}: expected a path in a project, or a pattern"
        if pattern.startswith("/") or ".." in pattern.split("/"):
            return f"{one_line(pattern, 100)}: leads out of the project"
    return ""


def _missing(folder: str, required: Sequence[str]) -> Iterator[str]:
    for pattern in required:
        name = glob.escape(pattern) if os.path.lexists(f"{folder}/{pattern}") else pattern
        if not glob.glob(name, root_dir=folder, recursive=True, include_hidden=True):
            yield f"{one_line(pattern, 200)}: required, and missing"


def _about(folder: str, path: str, rules: Rules) -> Iterator[str]:
    """Yield what is wrong with a file itself. What cannot be read is not."""
    try:
        status = os.lstat(f"{folder}/{path}")
        if not stat.S_ISREG(status.st_mode):
            return
        if rules.largest and status.st_size > rules.largest:
            yield f"{one_line(path, 200)}: {status.st_size / MIB:.1f} MiB"
        if not rules.secrets or status.st_size > SEARCHED:
            return
        data = small(f"{folder}/{path}", SEARCHED) or b""
    except (OSError, BrokenError):
        return
    if b"\0" not in data[:EARLY]:
        for line, what in secrets_found.found(data):
            yield f"{one_line(path, 200)}:{line}: looks like {what}"


def _files(folder: str) -> list[str]:
    """Return the files of a project by their paths in it: the tracked ones of a repository."""
    place = layout.find(folder)
    if place is None or place.is_bare:
        return sorted(itertools.islice(_walked(folder), MOST_FILES + 1))
    try:
        tracked = repository.tracked(place)
    except ValueError as error:
        raise BrokenError(str(error)) from None
    real = os.path.realpath(folder)
    inside: Mapping[str, bool] = _Inside(real)
    return sorted({path for path in tracked if inside[os.path.dirname(path)]})


class _Inside(dict[str, bool]):
    """Whether a folder of a project is in it, and not at the end of a link that leads out."""

    def __init__(self, real: str) -> None:
        self._real = real
        super().__init__()

    def __missing__(self, inner: str) -> bool:
        path = os.path.realpath(f"{self._real}/{inner}")
        self[inner] = f"{path}/".startswith(f"{self._real}/")
        return self[inner]


def _walked(folder: str) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in MADE_BY_TOOLS)
        inner = os.path.relpath(above, folder)
        for name in names:
            yield name if inner == "." else f"{inner}/{name}"


def _matches(path: str, patterns: Sequence[str]) -> bool:
    name = os.path.basename(path)
    return any(
        fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(name, pattern)
        for pattern in patterns
    )
