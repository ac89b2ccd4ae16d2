"""Messages of an outpost, read with distrust: its machine may be broken, or taken over.

No message can crash a proxy or fill its memory: an invalid one ends the stream.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from scheduled.runs.executors.outpost import wire
from scheduled.runs.executors.transport import BrokenError, Transport, UnreachableError
from scheduled.system.text import one_line

LARGEST = 16 * 1024 * 1024
"""Bytes of the largest message, one with the report of a handler."""
LONGEST_WORD = 255
LOOK_SECONDS = 0.25
"""How often it is checked, while waiting, whether to go on."""
CODES = range(-64, 256)
"""Exit codes of commands; signals are below 0."""


class Frames:
    """Messages from a stream of bytes; whatever comes before `MAGIC` is no message."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._has_begun = False
        self._before = b""

    @property
    def said_before(self) -> str:
        """The last line before `MAGIC`, which a login shell, say, has printed."""
        said = self._before if self._has_begun else self._before + bytes(self._data)
        lines = said.decode("utf-8", "replace").split("\n")
        line = next((line for line in reversed(lines) if line.strip("\0 \r\t")), "")
        return one_line(line).rstrip(".")

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Add bytes, and return the messages that are complete now: kind and payload of each.

        Raises BrokenError for one that is too large.
        """
        self._data += data
        if not self._has_begun:
            before, magic, rest = bytes(self._data).partition(wire.MAGIC)
            if not magic:
                self._before = (self._before + before[: -len(wire.MAGIC)])[-wire.CHUNK :]
                del self._data[: -len(wire.MAGIC)]
                return []
            self._has_begun, self._data = True, bytearray(rest)
        found = []
        while len(self._data) >= wire.HEADER.size:
            kind, length = wire.HEADER.unpack_from(self._data)
            if length > LARGEST:
                raise BrokenError("what came from there is no answer of an outpost")
            end = wire.HEADER.size + length
            if len(self._data) < end:
                break
            found.append((kind, bytes(self._data[wire.HEADER.size : end])))
            del self._data[:end]
        return found


def greeted(
    transport: Transport,
    frames: Frames,
    seconds: float,
    is_given_up: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Connect, and return the hello of the outpost. Raises UnreachableError, BrokenError.

    It has short texts for `host`, `user`, `worker`, `python` and `scheduled`, and a number for
    `time`. Any of them may be missing; if `is_given_up` says so meanwhile, all are.
    """
    transport.connect()
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and not is_given_up():
            for kind, data in frames.feed(transport.receive(LOOK_SECONDS)):
                if kind == wire.HELLO:
                    return _hello(_mapping(data))
    except BrokenError as error:
        raise UnreachableError(_with_words(str(error), frames.said_before)) from error
    if is_given_up():
        return {}
    raise UnreachableError(_with_words("nothing answered in time", frames.said_before))


def _with_words(problem: str, said: str) -> str:
    return f"{problem}; it said: {said}" if said else problem


def pid(data: bytes) -> int | None:
    """Return the pid of a command that was started; None if the message has none."""
    found = _mapping(data).get("pid")
    return found if type(found) is int and 0 < found < 2**31 else None


def end(data: bytes) -> dict[str, Any]:
    """Return how a command ended. Raises BrokenError for an invalid message.

    There is either `failure` or `exit_code`; `cpu_seconds` and `max_rss_bytes` may be None, and the
    `report` of a handler is empty if it has none.
    """
    found = _mapping(data)
    stopped = "lost" if found.get("stopped") == "lost" else ""
    if failure := found.get("failure"):
        return {"failure": one_line(failure)}
    code = found.get("exit_code")
    if type(code) is not int or code not in CODES:
        raise BrokenError("it does not say how the command ended")
    report = found.get("report")
    return {
        "exit_code": code,
        "report": report.encode("utf-8", "replace") if isinstance(report, str) else b"",
        "stopped": stopped,
        "cpu_seconds": _amount(found.get("cpu_seconds")),
        "max_rss_bytes": _amount(found.get("max_rss_bytes"), int),
    }


def _hello(found: Mapping[str, Any]) -> dict[str, Any]:
    words = {
        key: one_line(found[key], LONGEST_WORD)
        for key in ("host", "user", "worker", "python", "scheduled")
        if isinstance(found.get(key), str) and found[key].strip()
    }
    told = _amount(found.get("time"))
    return words if told is None else {**words, "time": told}


def _amount(value: object, kind: type = float) -> Any:
    """Return a plausible number of 0 or more; None for anything else."""
    if type(value) not in (int, float) or not 0 <= value < 2**63 or not math.isfinite(value):  # type: ignore[operator, arg-type]
        return None
    return kind(value)


def _mapping(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BrokenError("what came from there is no answer of an outpost")
    return found
