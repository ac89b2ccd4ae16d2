"""Small file systems that a test can fill to the last page."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.builders import needs

PAGE = os.sysconf("SC_PAGE_SIZE")
"""What a file on a tmpfs grows by."""


class Disk:
    """A small file system of its own at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, spare: int = 0) -> None:
        """Leave `spare` pages."""
        with self._ballast.open("wb", buffering=0) as stream:
            try:
                while stream.write(bytes(PAGE)):
                    pass
            except OSError:
                stream.truncate((stream.tell() // PAGE - spare) * PAGE)

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink()


def mounted(folder: Path) -> Iterator[Disk]:
    """A tmpfs of 64 pages, unmounted in the end whatever happens."""
    needs.root()
    needs.programs("mount")
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={64 * PAGE},mode=0755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        needs.mounts()
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
