"""The kinds of channels that the configuration can name, and where each is implemented."""

from enum import StrEnum


class Kind(StrEnum):
    """How a channel tells people; each is a module of this package."""

    SMTP = "smtp"  # mail, by a mail server
    COMMAND = "command"  # a program that gets the message as its input
    WEBHOOK = "webhook"  # an HTTP POST
    MAILBOX = "mailbox"  # the mailbox of a branch
    APPRISE = "apprise"  # a URL of the library Apprise: ntfy, Slack, Telegram, ...


class Tls(StrEnum):
    """How the connection to a mail server is encrypted."""

    STARTTLS = "starttls"  # from the STARTTLS command on; without it nothing is sent
    IMPLICIT = "implicit"  # from the first byte
    NONE = "none"  # not at all


PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}
"""The port of a mail server for each."""
