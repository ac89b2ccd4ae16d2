"""The channel of a branch's mailbox: the channel of mailboxes, with an address of its own."""

from collections.abc import Sequence

from scheduled.notify.channel import ChannelContext, Delivery, Settings
from scheduled.notify.mailbox import MailboxChannel
from scheduled.notify.message import Message
from scheduled.notify.routes import CENTRAL
from scheduled.quick_classes import replace


class BranchChannel:
    """Delivers to the mailbox of one branch. Raises RegistryError (a ScheduledError)."""

    def __init__(self, settings: Settings, context: ChannelContext) -> None:
        self._mailboxes = MailboxChannel(context)
        self._to = str(settings.get("to") or CENTRAL)

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver messages and bring the central file of the mail up to date."""
        addressed = {replace(message, to=self._to): message for message in messages}
        delivery = self._mailboxes.deliver([*addressed])
        return Delivery(
            delivered=[addressed[message] for message in delivery.delivered],
            failed=[(addressed[message], reason) for message, reason in delivery.failed],
            notes=delivery.notes,
        )
