"""The channel of each kind that the configuration may name; what it needs is imported here."""

from scheduled.notify.channel import Channel, ChannelContext, Settings
from scheduled.notify.kinds import Kind
from scheduled.notify.secrets import Secrets


def make(name: str, settings: Settings, secrets: Secrets, context: ChannelContext) -> Channel:
    """Return the channel called `name`.

    Raises ScheduledError or OSError.
    """
    match Kind(settings["kind"]):
        case Kind.SMTP:
            from scheduled.notify.smtp import SmtpChannel

            return SmtpChannel(settings, secrets, context.html)
        case Kind.COMMAND:
            from scheduled.notify.command import CommandChannel

            return CommandChannel(name, settings, context)
        case Kind.WEBHOOK:
            from scheduled.notify.webhook import WebhookChannel

            return WebhookChannel(name, settings, secrets)
        case Kind.MAILBOX:
            from scheduled.notify.branch import BranchChannel

            return BranchChannel(settings, context)
        case Kind.APPRISE:
            from scheduled.notify.apprise import AppriseChannel

            return AppriseChannel(secrets)
