"""Folders that are kept open while a sweep goes from one to the next.

What is looked for next is as a rule in the same folder, or in one beside it. So it is reached by
the descriptors that are open already: by the same rules as from `/` on, in a third of the steps.
"""

from typing import Self

from scheduled.system.files import Stamp
from scheduled.system.folder import Folder


class OpenFolders:
    """The folder that was opened last, and those above it that led to it."""

    def __init__(self) -> None:
        self._open: list[tuple[str, Folder]] = []
        """From above downwards, each by the path that it was asked for by."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def folder(self, path: str) -> Folder:
        """Return an open folder by its absolute path; it stays open until another one is needed.

        Raises OSError, LinkError for a link of others.
        """
        while self._open:
            known, folder = self._open[-1]
            if known == path:
                return folder
            if path.startswith(known) and path[len(known)] == "/":
                break
            self._open.pop()
            folder.close()
        above, _, name = path.rpartition("/")
        if name in ("", ".", "..") or not above:
            return self._kept(path, Folder.open(path))
        parent = self.folder(above) if self._open else self._kept(above, Folder.open(above))
        return self._kept(path, parent.inner(name, to_list=True))

    def read(self, path: str) -> tuple[Stamp, bytes]:
        """Read a file by its absolute path, as `Folder.read_path` does."""
        above, _, name = path.rpartition("/")
        return self.folder(above or "/").read(name)

    def close(self) -> None:
        """Close all."""
        while self._open:
            self._open.pop()[1].close()

    def _kept(self, path: str, folder: Folder) -> Folder:
        self._open.append((path, folder))
        return folder
