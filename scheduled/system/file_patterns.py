"""Files by their path or a pattern, found without following a link of others.

`*`, `?` and `[...]` stand for characters of a name, as in a shell, `**` for any number of
directories. What a pattern finds lies below the directories that it names: no link leads out of
them. What is found may be anything, also a link or a directory: whoever asks looks at it.
"""

import fnmatch
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

from scheduled.errors import UsageError, reason_of
from scheduled.system.folder import Folder

DEEPEST = 32
"""How many directories `**` stands for at most."""
_MAGIC = re.compile(r"[*?\[]")


class Search:
    """The search for the files of a pattern; `problems` are directories that cannot be read."""

    def __init__(self, pattern: str, base: Path) -> None:
        """Raise UsageError for a pattern that is no path, or that could be any file."""
        if not pattern.strip() or "\0" in pattern:
            raise UsageError(f"{pattern!r}: expected the path of a file, or a pattern")
        self.problems: list[str] = []
        self._pattern = pattern
        self._parts, self._literal = _parts(pattern, base)
        if not self._parts or (not self._literal and _MAGIC.search(self._parts[0])):
            raise UsageError(f"{pattern}: means the whole machine; name a directory in it")

    @property
    def is_pattern(self) -> bool:
        """Whether it may stand for several files, and so for none."""
        return bool(_MAGIC.search(self._pattern))

    def paths(self) -> list[str]:
        """Return the absolute paths, sorted. Raise UsageError if the directory is unusable."""
        parts = [
            part if at >= self._literal else glob.escape(part)
            for at, part in enumerate(self._parts)
        ]
        fixed = next(
            (at for at in range(self._literal, len(parts)) if _MAGIC.search(parts[at])),
            len(parts) - 1,
        )
        above = "/" + "/".join(self._parts[:fixed])
        try:
            with Folder.open(above) as folder:
                return sorted(set(self._within(folder, parts[fixed:], DEEPEST)))
        except OSError as error:
            where = error.filename or above
            raise UsageError(f"{self._pattern}: {where}: {reason_of(error)}") from error

    def _within(self, folder: Folder, parts: list[str], deepest: int) -> Iterator[str]:
        first, *rest = parts
        if first == "**":
            yield from self._within(folder, rest or ["*"], deepest)
            if deepest:
                yield from self._inside(folder, "*", parts, deepest - 1)
            else:
                self.problems.append(f"{folder.path}: more than {DEEPEST} directories deep")
        elif rest:
            yield from self._inside(folder, first, rest, deepest)
        else:
            yield from (f"{folder.path.rstrip('/')}/{name}" for name in _matching(folder, first))

    def _inside(
        self, folder: Folder, pattern: str, parts: list[str], deepest: int
    ) -> Iterator[str]:
        """Yield what is in the directories in `folder` that match."""
        for name in _matching(folder, pattern):
            try:
                if folder.is_link(name):
                    continue
                with folder.inner(name, to_list=True) as inside:
                    yield from self._within(inside, parts, deepest)
            except NotADirectoryError:
                continue
            except OSError as error:
                path = error.filename if isinstance(error.filename, str) else name
                where = path if path.startswith("/") else f"{folder.path}/{name}"
                self.problems.append(f"{where}: {reason_of(error)}")


def _parts(pattern: str, base: Path) -> tuple[list[str], int]:
    """Return the parts of a path, and how many of them, at its beginning, are no pattern.

    Those are of `base` or a home: whatever characters they have, they stand for themselves.
    """
    first, _, rest = pattern.partition("/")
    if pattern.startswith("~") and (home := os.path.expanduser(first)) != first:
        literal = home
    else:
        literal, rest = "" if pattern.startswith("/") else str(base), pattern
    parts = [part for part in os.path.normpath(f"/{literal}").split("/") if part]
    count = len(parts)
    for part in rest.split("/"):
        if part == "..":
            parts = parts[:-1]
            count = min(count, len(parts))
        elif part not in ("", "."):
            parts.append(part)
    return parts, count


def _matching(folder: Folder, pattern: str) -> list[str]:
    """Return the names in a folder that match; as in a shell, `*` is for none with a dot first."""
    names = folder.names()
    if not _MAGIC.search(pattern):
        return [pattern] if pattern in names else []
    is_match = re.compile(fnmatch.translate(pattern)).match
    return [name for name in names if is_match(name) and (name[0] != "." or pattern[0] == ".")]
