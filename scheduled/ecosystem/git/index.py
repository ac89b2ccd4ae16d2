"""The files that a repository tracks, read from its index."""

import os
import struct
from collections.abc import Iterator

from scheduled.quick_classes import NamedTuple

LARGEST = 256 << 20
_HEADER = struct.Struct(">4sLL")
_STAT = 40
"""Bytes of what the index knows of a file's status."""
_MODE = struct.Struct(">L")
_FLAGS = struct.Struct(">H")
_EXTENDED = 0x4000
_SKIPPED = 0x4000
"""In the second flags: a file that is left out of the working tree."""
_KIND = 0o170000
_REGULAR, _LINK = 0o100000, 0o120000


class Entry(NamedTuple):
    """A tracked file."""

    path: str
    """Relative to the working tree."""
    is_regular: bool


def files(data: bytes, hash_size: int = 20) -> list[Entry]:
    """Return the files and links in an index that are in the working tree, each once.

    Raises ValueError for one that is damaged, or whose format is not known.
    """
    try:
        entries = {
            path: Entry(path, mode & _KIND == _REGULAR)
            for path, mode in _entries(data, hash_size)
            if path and mode & _KIND in (_REGULAR, _LINK)  # a part of a split index has no paths
        }
    except (struct.error, IndexError):
        raise ValueError("the index is cut off") from None
    return [*entries.values()]


def _entries(data: bytes, hash_size: int) -> Iterator[tuple[str, int]]:
    """Yield the path and the mode of each entry that is not left out."""
    signature, version, count = _HEADER.unpack_from(data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index that can be read")
    at, name = _HEADER.size, b""
    for _ in range(count):
        start = at
        (mode,) = _MODE.unpack_from(data, at + 24)
        at += _STAT + hash_size
        (flags,) = _FLAGS.unpack_from(data, at)
        at += 2
        more = 0
        if flags & _EXTENDED:
            (more,) = _FLAGS.unpack_from(data, at)
            at += 2
        if version == 4:
            kept, at = _number(data, at)
            name = name[: len(name) - kept]
        end = data.index(b"\0", at)
        name = (name if version == 4 else b"") + data[at:end]
        # Before version 4, entries are padded to a multiple of eight bytes, with one zero or more.
        at = end + 1 if version == 4 else start + ((end - start) // 8 + 1) * 8
        if not more & _SKIPPED:
            yield os.fsdecode(name), mode


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
        if value > LARGEST:
            raise ValueError("the index is damaged")
    return value, at + 1
