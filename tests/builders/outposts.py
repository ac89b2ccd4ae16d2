"""An outpost as a process of this machine, without an engine between it and the test."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from scheduled.runs.executors import bundle, replies
from scheduled.runs.executors.outpost import wire
from scheduled.runs.executors.transport import BrokenError
from scheduled.system import descriptors

LIMIT_SECONDS = 60.0


class LocalTransport:
    """A stream to an outpost that is a process of this machine."""

    def __init__(
        self, cache: Path, before: str = "", variables: Mapping[str, str] | None = None
    ) -> None:
        self._before = before
        self._environ = {**os.environ, "XDG_CACHE_HOME": str(cache), **(variables or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        """Start it, after what a login shell may print."""
        python = [sys.executable, "-X", "utf8", "-I", "-c", bundle.BOOTSTRAP]
        shell = ["/bin/sh", "-c", 'printf %s "$0"; exec "$@"', self._before, *python]
        self.process = subprocess.Popen(
            shell,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environ,
            bufsize=0,
        )
        self.send(bundle.line())

    def send(self, data: bytes) -> None:
        """Send it something."""
        assert self.process is not None
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(data)
        except (OSError, ValueError) as error:
            raise BrokenError(str(error)) from error

    def receive(self, seconds: float) -> bytes:
        """Return what it has said."""
        assert self.process is not None
        assert self.process.stdout is not None
        try:
            if not descriptors.wait_for([self.process.stdout.fileno()], seconds):
                return b""
            data = self.process.stdout.read(wire.CHUNK)
        except ValueError:
            data = b""
        if not data:
            raise BrokenError("it has ended")
        return data

    def close(self) -> None:
        """Close the stream, and wait for the outpost to end."""
        if self.process is None:
            return
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait(LIMIT_SECONDS)


class Talk:
    """A conversation with an outpost."""

    def __init__(self, transport: LocalTransport) -> None:
        self._transport, self._frames = transport, replies.Frames()
        self.output = b""
        self._waiting: list[tuple[bytes, bytes]] = []

    def __enter__(self) -> Self:
        self._transport.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    @property
    def stream(self) -> LocalTransport:
        return self._transport

    def next(self, kind: bytes, *, beats: bool = True) -> bytes:
        """Return the next message of a kind; output is gathered until then."""
        until = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < until:
            while self._waiting:
                found, data = self._waiting.pop(0)
                if found == wire.OUTPUT:
                    self.output += data
                if found == kind:
                    return data
            if beats and kind != wire.HELLO:
                self._transport.send(wire.BEAT)
            self._waiting += self._frames.feed(self._transport.receive(0.2))
        raise AssertionError(f"no {kind!r} came")

    def until(self, what: str, holds: Callable[[], object]) -> None:
        """Wait until something holds, without a beat."""
        until = time.monotonic() + LIMIT_SECONDS
        while not holds():
            assert time.monotonic() < until, what
            time.sleep(0.02)


def order(command: list[str], **more: Any) -> Mapping[str, Any]:
    """Return what an outpost is told, with a short lease."""
    return {
        "command": command,
        "env": {},
        "cwd": "/",
        "umask": None,
        "nice": None,
        "lease": 1.5,
        "grace": 1.0,
        "max_output": 1024 * 1024,
        "token": "ab" * 16,
        **more,
    }


def ended(
    transport: LocalTransport, told: Any, *, known: bool = True
) -> tuple[dict[str, Any], bytes]:
    """Give an order, and return how the command ended and what it has printed."""
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        transport.send(json.dumps(told).encode() + b"\n")
        end: dict[str, Any] = json.loads(talk.next(wire.ENDED))
        if known:
            transport.send(wire.KNOWN)
        return end, talk.output


def script(text: str, **more: Any) -> Any:
    """Return an order for a script of a shell."""
    return order(["/bin/sh", "-c", text], **more)
