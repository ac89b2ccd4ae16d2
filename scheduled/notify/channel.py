"""The contract of a channel: one way to tell a person something."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple, Protocol

from scheduled.notify.message import Message


class ChannelContext(NamedTuple):
    """Where and when a channel delivers."""

    root: Path
    central_dir: Path
    zone: tzinfo
    now: datetime


@dataclass
class Delivery:
    """What became of messages: each is in `delivered` or in `failed`."""

    delivered: list[Message] = field(default_factory=list)
    failed: list[tuple[Message, str]] = field(default_factory=list)
    """With the reason. They are tried again by a later tick."""
    notes: list[str] = field(default_factory=list)
    """Sentences about what went wrong beside the delivery itself; nothing is tried again."""


class Channel(Protocol):
    """One way to deliver messages, made anew for each round of deliveries."""

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver what can be delivered within seconds, for a tick waits for it.

        A message may come a second time, if a tick died before it recorded the first. Raises
        ScheduledError or OSError where none of the messages can be delivered.
        """
