"""How a proxy reaches an outpost: a stream of bytes both ways, by ssh or Dask."""

from typing import Protocol


class UnreachableError(Exception):
    """No outpost could be started, so no command was either. The message is for a person."""


class BrokenError(Exception):
    """The stream to an outpost has ended. The message is for a person."""


class Transport(Protocol):
    """A stream to an outpost."""

    def connect(self) -> None:
        """Start an outpost, which then waits for its order. Raises UnreachableError."""

    def send(self, data: bytes) -> None:
        """Send bytes to the outpost. Raises BrokenError."""

    def receive(self, seconds: float) -> bytes:
        """Return output of the outpost; empty if none comes in time. Raises BrokenError."""

    def remarks(self, now: float) -> tuple[str, ...]:
        """Return what somebody should know of the place, a sentence each, once connected.

        Versions that differ from those here, certificates that end soon. `now` is in seconds
        since 1970.
        """

    def close(self) -> None:
        """Close the stream, which ends the outpost. Never raises."""
