"""The channels of the configuration: `notify:ops` is delivered by the one called `ops`.

Each works in a process of its own (`notify.sending`), all of them at the same time.
"""

from collections.abc import Sequence

from scheduled.errors import did_you_mean
from scheduled.notify.channel import ChannelContext, Delivery
from scheduled.notify.message import Message
from scheduled.notify.recipients import PREFIX


class ConfiguredChannels:
    """One round of deliveries by the channels of the configuration."""

    def __init__(self, context: ChannelContext) -> None:
        self._context = context

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver each message by the channel of its address, in the order given."""
        from scheduled.notify import sending

        result, batches = Delivery(), dict[str, list[Message]]()
        for message in messages:
            name = channel_of(message.to)
            if name in self._context.channels:
                batches.setdefault(name, []).append(message)
            else:
                result.failed.append((message, unknown(name, self._context)))
        for delivery in sending.deliver(batches, self._context):
            result.delivered += delivery.delivered
            result.failed += delivery.failed
            result.postponed += delivery.postponed
            result.notes += delivery.notes
            result.reached |= delivery.reached
        return result


def channel_of(address: str) -> str:
    """Return the name of the configured channel in an address; '' if it is no such address."""
    return address.removeprefix(PREFIX) if address.startswith(PREFIX) else ""


def unknown(name: str, context: ChannelContext) -> str:
    """Return a sentence about a channel that is not in the configuration."""
    return f"no channel is called {name}{did_you_mean(name, context.channels, '')}"
