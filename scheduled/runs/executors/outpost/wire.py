"""What the proxy of a run and its outpost say to each other."""

from __future__ import annotations

import collections
import json
import struct
from typing import Any

MAGIC = b"\0scheduled outpost 1\n"
"""What an outpost writes first: what comes before is of the login shell."""
HELLO, STARTED, OUTPUT, ENDED, UNKNOWN = b"H", b"S", b"O", b"E", b"N"
"""What it says: each a letter, the length of what follows, and that: JSON, or output as it is."""
HEADER = struct.Struct(">cI")
BEAT, STOP, KNOWN = b".", b"T", b"K"
"""What it is told: go on; stop the command; its end is known."""
CHUNK = 64 * 1024


def frame(kind: bytes, data: bytes | dict[str, Any]) -> bytes:
    """Return one message: bytes as they are, anything else as JSON."""
    payload = data if isinstance(data, bytes) else json.dumps(data).encode()
    return HEADER.pack(kind, len(payload)) + payload


class Backlog:
    """Output that was not passed on yet, of a bounded size: a slow line holds up no command."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._chunks: collections.deque[bytes] = collections.deque()
        self._size = 0
        self._lost = 0

    def add(self, data: bytes) -> None:
        """Add what was printed; of too much, leave out the oldest."""
        self._chunks.append(data)
        self._size += len(data)
        while self._size > self._most and len(self._chunks) > 1:
            gone = len(self._chunks.popleft())
            self._size -= gone
            self._lost += gone

    def take(self) -> bytes:
        """Return the oldest part; empty if there is none."""
        if self._lost:
            note, self._lost = b"\n[%d bytes left out]\n" % self._lost, 0
            return note
        if not self._chunks:
            return b""
        data = self._chunks.popleft()
        self._size -= len(data)
        return data
