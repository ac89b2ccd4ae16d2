"""What a proxy needs to reach an outpost: a stream of bytes both ways, by whatever engine."""

from typing import Any, Protocol

from scheduled.quick_classes import NamedTuple


class UnreachableError(Exception):
    """No outpost could be had; nothing was started anywhere. The message is for a person."""


class BrokenError(Exception):
    """The stream to an outpost has ended. The message is for a person."""


class Transport(Protocol):
    """A stream to an outpost that has been started somewhere, and waits for its order."""

    differences: tuple[str, ...]
    """What of the engine differs there from here, once it is connected: a sentence for each."""

    def connect(self) -> None:
        """Have an outpost started. Raises UnreachableError."""

    def send(self, data: bytes) -> None:
        """Send it something. Raises BrokenError."""

    def receive(self, seconds: float) -> bytes:
        """Return what it has said, nothing after so many seconds. Raises BrokenError at its end."""

    def close(self) -> None:
        """Let go of the stream, which ends the outpost. Never raises."""


class Errand(NamedTuple):
    """What a proxy is told by the tick: where a command is to run, and what is to be kept."""

    settings: dict[str, Any]
    """Those of the executor, as `config` reads them."""
    executor: str
    order: dict[str, Any]
    """What the outpost is told, without its token."""
    answer_path: str
    lease_path: str
    report_path: str
    """Where the report of a handler is to be, as that of a handler of this machine."""
