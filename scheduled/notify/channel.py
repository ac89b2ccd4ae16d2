"""The contract of a channel: one way to tell a person something."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

from scheduled.notify.message import Message
from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.system.trusted import Trust

WITHIN = "SCHEDULED_WITHIN"
"""The variable that names those whose command this is, and within whose commands it was caused."""
Settings = Mapping[str, Any]
"""The keys of one channel of the configuration, as `config.notify_keys` declares them."""


class ChannelContext(NamedTuple):
    """Where and when a channel delivers."""

    root: Path
    central_dir: Path
    zone: tzinfo
    now: datetime
    channels: Mapping[str, Settings] = {}
    """Those of the configuration, by name."""
    environ: Mapping[str, str] = {}
    """What cron gave the tick: the secrets of channels may be in it."""
    config_dir: Path = Path("/")
    """The directory that files with secrets are relative to."""
    trust: Trust | None = None
    """Whose files may be read as secrets; None: ours and root's."""
    html: Callable[[Message], str] | None = None
    """Returns a message as HTML, for channels that can show it. May raise anything."""


@dataclass
class Delivery:
    """What became of messages: each is in one of the first three."""

    delivered: list[Message] = field(default_factory=list)
    failed: list[tuple[Message, str]] = field(default_factory=list)
    """With the reason. They are tried again by a later tick."""
    postponed: list[Message] = field(default_factory=list)
    """Not tried for want of time; the next tick does."""
    notes: list[str] = field(default_factory=list)
    """Sentences about what went wrong beside the delivery itself; nothing is tried again."""
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    """What may take a while, to be called once it is known elsewhere what became of the messages:
    whoever takes too long is killed, and what is not known to be delivered comes again."""
    reached: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of messages that failed for some of their recipients alone, by id: who has got it."""


class Channel(Protocol):
    """One way to deliver messages, made anew for each round of deliveries."""

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver what can be delivered within seconds, for a tick waits for it.

        A message may come a second time, if a tick died before it recorded the first. Raises
        ScheduledError or OSError where none of the messages can be delivered.
        """
