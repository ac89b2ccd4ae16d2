"""Log rotation: which live logs have grown past the size at which they should be turned over."""

import os
from pathlib import Path
from typing import NamedTuple


class Oversized(NamedTuple):
    """A live log that nobody rotated."""

    name: str
    size: int
    """Bytes."""


def unrotated(folder: str | Path, limit: int) -> list[Oversized]:
    """The `*.log` files in a folder with more than `limit` bytes, by name.

    Rotated ones (`x.log.1`, `x.log.2.gz`) may be of any size. None where there is no folder.
    """
    try:
        with os.scandir(folder) as entries:
            logs = [Oversized(one.name, _size(one)) for one in entries if one.name.endswith(".log")]
    except OSError:
        return []  # no logs there, or none that are ours to look at
    return sorted(log for log in logs if log.size > limit)


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size if entry.is_file() else 0
    except OSError:  # rotated away since
        return 0
