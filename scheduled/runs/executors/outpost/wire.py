"""The protocol between the proxy of a run and its outpost."""

from __future__ import annotations

import collections
import json
import struct
from typing import Any

MAGIC = b"\0scheduled outpost 1\n"
"""What an outpost writes first; what comes before it was printed by the login shell."""
HELLO, STARTED, ALIVE, OUTPUT, ENDED, UNKNOWN = b"H", b"S", b"A", b"O", b"E", b"N"
"""Messages of an outpost: the letter, the length of what follows, and that: JSON, or output."""
HEADER = struct.Struct(">cI")
BEAT, STOP, KNOWN = b".", b"T", b"K"
"""Messages of the proxy, a byte each: go on; stop the command; its end is known."""
CHUNK = 64 * 1024


def frame(kind: bytes, data: bytes | dict[str, Any]) -> bytes:
    """Return a message of an outpost: bytes as they are, a dict as JSON."""
    payload = data if isinstance(data, bytes) else json.dumps(data).encode()
    return HEADER.pack(kind, len(payload)) + payload


class Backlog:
    """Output that was not sent yet, of a bounded size: a slow connection holds up no command."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._chunks: collections.deque[bytes] = collections.deque()
        self._size = 0
        self._lost = 0

    def add(self, data: bytes) -> None:
        """Add output; if it is too much, drop the oldest."""
        self._chunks.append(data)
        self._size += len(data)
        while self._size > self._most and len(self._chunks) > 1:
            gone = len(self._chunks.popleft())
            self._size -= gone
            self._lost += gone

    def take(self) -> bytes:
        """Remove and return the oldest output; empty if there is none."""
        if self._lost:
            note, self._lost = b"\n[%d bytes left out]\n" % self._lost, 0
            return note
        if not self._chunks:
            return b""
        data = self._chunks.popleft()
        self._size -= len(data)
        return data
