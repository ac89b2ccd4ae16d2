"""Messages that cannot be delivered for long: when they are given up, and what is printed then."""

from datetime import timedelta

from scheduled.notify.channel import ChannelContext
from scheduled.notify.configured import channel_of
from scheduled.notify.message import Message
from scheduled.system.text import one_line, printable

LONGEST = timedelta(days=7)
"""A message to a channel of the configuration waits that long."""


def is_hopeless(message: Message, context: ChannelContext, *, is_complete: bool) -> bool:
    """Return whether a message that has just failed is to be given up.

    Mail to the mailboxes of an ecosystem is kept. Only a configuration that `is_complete` tells
    that a channel was removed; in any other it may be missing for a mistake.
    """
    name = channel_of(message.to)
    if not name:
        return False
    is_removed = is_complete and name not in context.channels
    return is_removed or context.now - message.created > LONGEST


def given_up(message: Message, reason: str) -> str:
    """Return a message that is given up as text for stderr, which cron mails."""
    name = one_line(channel_of(message.to))
    first = f"channel {name}: this message is given up: {one_line(reason)}"
    lines = printable(message.body).splitlines()
    return "\n".join([first, f"  {one_line(message.subject)}", *(f"  | {line}" for line in lines)])
