"""All channels by name, and the delivery of messages by the channel of their address.

An address names its channel before a colon, as in `ntfy:alerts`; without one of these names it
is an address of the mailboxes, `@drone`. `notify:ops` is the channel `ops` of the configuration. A
new channel is a module in this package, with a class that is a `Channel`, and an entry in
`CHANNELS`, or for one that is configured, in `channel_kinds`.
"""

from collections.abc import Callable, Iterable, Sequence

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify.channel import Channel, ChannelContext, Delivery
from scheduled.notify.configured import ConfiguredChannels
from scheduled.notify.mailbox import MailboxChannel
from scheduled.notify.message import Message
from scheduled.notify.recipients import PREFIX

MAILBOX = "mailbox"
CONFIGURED = PREFIX.removesuffix(":")
CHANNELS: dict[str, Callable[[ChannelContext], Channel]] = {
    MAILBOX: MailboxChannel,
    CONFIGURED: ConfiguredChannels,
}


def deliver(messages: Sequence[Message], context: ChannelContext) -> Delivery:
    """Deliver messages, each by the channel of its address. Never raises.

    Of several messages with one key for one recipient only the newest is delivered, and the
    others share what becomes of it.
    """
    newest = _newest(messages)
    deliveries = [
        _deliver_by(CHANNELS[name], batch, context)
        for name, batch in _by_channel(newest.values()).items()
    ]
    postponed = {message for delivery in deliveries for message in delivery.postponed}
    delivered = {message for delivery in deliveries for message in delivery.delivered}
    reasons = {message: why for delivery in deliveries for message, why in delivery.failed}
    result = Delivery(notes=[note for delivery in deliveries for note in delivery.notes])
    for delivery in deliveries:
        result.reached |= delivery.reached
    for message in messages:
        representative = newest[_identity(message)]
        if representative in delivered:
            result.delivered.append(message)
        elif representative in postponed:
            result.postponed.append(message)
        else:
            reason = reasons.get(representative, "its channel did not deliver it")
            result.failed.append((message, reason))
    return result


def _deliver_by(
    make: Callable[[ChannelContext], Channel],
    messages: Sequence[Message],
    context: ChannelContext,
) -> Delivery:
    try:
        return make(context).deliver(messages)
    except (ScheduledError, OSError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        return Delivery(failed=[(message, reason) for message in messages])


def _by_channel(messages: Iterable[Message]) -> dict[str, list[Message]]:
    batches: dict[str, list[Message]] = {}
    for message in messages:
        batches.setdefault(_channel_name(message), []).append(message)
    return batches


def _channel_name(message: Message) -> str:
    if message.to.startswith(PREFIX):
        return CONFIGURED
    name, colon, _ = message.to.partition(":")
    return name if colon and name in CHANNELS else MAILBOX


def _newest(messages: Sequence[Message]) -> dict[tuple[str, ...], Message]:
    """Return the message to deliver for each identity: the newest with it."""
    by_age = sorted(messages, key=lambda message: message.created)
    return {_identity(message): message for message in by_age}


def _identity(message: Message) -> tuple[str, ...]:
    """Return what only one message can have: a key for a recipient, else the message itself."""
    if message.key is not None:
        return message.to, message.key
    return message.to, message.id, message.subject, "alone"
