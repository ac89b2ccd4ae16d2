"""Messages with open files, from a process to one that it has forked (unix(7), SCM_RIGHTS).

The module `socket` would be loaded by ticks that hand over nothing else; `_socket`, on which it
stands, has all that is needed.
"""

import os
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import _socket

_LENGTH = 8
"""Bytes that say how long a message is."""
_MOST_FILES = 24


def pair() -> "tuple[_socket.socket, _socket.socket]":
    """Return two ends that are connected. Raises OSError."""
    import _socket

    return _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)


def send(end: "_socket.socket", data: bytes, descriptors: Sequence[int]) -> None:
    """Send a message with open files. Raises OSError, also if the other end is closed."""
    import _socket

    files = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array("i", descriptors))]
    message = len(data).to_bytes(_LENGTH, "big") + data
    sent = end.sendmsg([message], files if descriptors else [], _socket.MSG_NOSIGNAL)
    if sent < len(message):
        end.sendall(message[sent:], _socket.MSG_NOSIGNAL)


def receive(end: "_socket.socket") -> tuple[bytes, list[int]] | None:
    """Wait for a message, and return it with its files; None if the other end is closed.

    Raises OSError.
    """
    import _socket

    size = array("i").itemsize
    start, ancillary, *_ = end.recvmsg(_LENGTH, _socket.CMSG_SPACE(_MOST_FILES * size))
    descriptors = [number for item in ancillary for number in _files(item)]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    head = _whole(end, start, _LENGTH)
    if head is None:
        return None
    data = _whole(end, b"", int.from_bytes(head, "big"))
    return None if data is None else (data, descriptors)


def _files(item: tuple[int, int, Any]) -> list[int]:
    files = array("i")
    files.frombytes(item[2][: len(item[2]) - len(item[2]) % files.itemsize])
    return files.tolist()


def _whole(end: "_socket.socket", data: bytes, length: int) -> bytes | None:
    """Return `data` with what follows, up to `length` bytes; None if the other end is closed."""
    parts, missing = [data], length - len(data)
    while missing:
        part = end.recv(min(missing, 1 << 20))
        if not part:
            return None
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
