"""The channel of mail, by a mail server.

Nothing is sent unencrypted unless the configuration says so. A message has the same `Message-ID`
at every attempt, by which the reader's program recognises a second copy. With `html: true` it has
its text as HTML as well.
"""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import limits, tls
from scheduled.notify.channel import Delivery, Settings
from scheduled.notify.kinds import PORTS, Tls
from scheduled.notify.message import Message
from scheduled.notify.secrets import Secrets
from scheduled.system.text import decoded, one_line, printable

Refused = Mapping[str, tuple[int, bytes]]
"""What a server has answered, by recipient."""
LONGEST_HTML = 300_000
"""Characters. A message of more has its plain part alone."""
_IMPORTANCE = {"low": "low", "high": "high", "critical": "high"}


class SmtpChannel:
    """Delivers to the addresses of one channel, with a connection a message."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        html: Callable[[Message], str] | None = None,
    ) -> None:
        self._html = html if settings.get("html") else None
        self._tls = Tls(settings.get("tls", Tls.STARTTLS))
        self._host = str(settings["host"])
        self._port = int(settings.get("port", PORTS[self._tls]))
        self._user = str(settings.get("user", ""))
        self._password = secrets["password"]
        self._context = tls.context(secrets) if self._tls is not Tls.NONE else None
        for what, text in (("user", self._user), ("password", self._password)):
            if not text.isascii():
                raise ScheduledError(f"the {what} has characters beyond ASCII, which no login has")
        self._from = str(settings.get("from") or sender(self._user))
        self._to: list[str] = settings["to"]

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver messages. What is refused for some recipients waits for these alone."""
        delivery = Delivery()
        for message in messages:
            mail = letter(message, self._from, self._to)
            delivery.notes += self._add_html(mail, message)
            to = [address for address in self._to if address not in message.reached]
            refused = self._send(mail, to, delivery) if to else {}
            if refused:
                reached = (address for address in to if address not in refused)
                delivery.reached[message.id] = (*message.reached, *reached)
                delivery.failed.append((message, f"{self._place}: {_refused(refused)}"))
            else:
                delivery.delivered.append(message)
        return delivery

    def _add_html(self, mail: EmailMessage, message: Message) -> list[str]:
        """Add the message as HTML, if that is wanted; return why it could not be done."""
        if self._html is None:
            return []
        try:
            text = self._html(message)
        except ScheduledError as error:
            return [f"sent as plain text alone: {error}"]
        except Exception as error:  # noqa: BLE001 - a picture is no reason to tell nobody
            return [f"sent as plain text alone: {type(error).__name__}: {error}"]
        if len(text) > LONGEST_HTML:
            return []  # nothing is lost: the plain part has all of it
        mail.add_alternative(text, subtype="html", cte="quoted-printable")
        return []

    def _send(self, mail: EmailMessage, to: Sequence[str], delivery: Delivery) -> Refused:
        """Send a mail to addresses; return what was answered to those that were refused.

        Leave of the server is taken afterwards.
        """
        try:
            server = self._connected()
            try:
                refused: Refused = server.sendmail(self._from, to, mail.as_bytes())
            except BaseException:
                server.close()
                raise
        except TimeoutError:
            raise
        except ssl.SSLError as error:
            raise ScheduledError(f"{self._place}: {tls.problem(error)}") from None
        except smtplib.SMTPException as error:
            if isinstance(error.__context__, TimeoutError):
                raise error.__context__ from None
            raise ScheduledError(f"{self._place}: {_answer(error)}") from None
        except OSError as error:
            raise ScheduledError(f"{self._place}: {reason_of(error)}") from None
        delivery.afterwards.append(partial(_leave, server))
        return refused

    @property
    def _place(self) -> str:
        return f"{self._host}:{self._port}"

    def _connected(self) -> smtplib.SMTP:
        """Return a connection that is encrypted and logged in as configured."""
        if self._tls is Tls.IMPLICIT:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host,
                self._port,
                _greeting(),
                timeout=limits.MESSAGE_SECONDS,
                context=self._context,
            )
        else:
            server = smtplib.SMTP(self._host, self._port, _greeting(), limits.MESSAGE_SECONDS)
        try:
            if self._tls is Tls.STARTTLS:
                server.starttls(context=self._context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    """Take leave. The message is delivered, whatever becomes of this."""
    with contextlib.suppress(OSError):
        if server.sock is not None:
            server.sock.settimeout(1)
        server.quit()
    server.close()


def letter(message: Message, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """Return a message as mail: ASCII only, whatever is in it."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(message.created)
    mail["Message-ID"] = message_id(message, sender)
    mail["Auto-Submitted"] = "auto-generated"
    if message.priority in _IMPORTANCE:
        mail["Importance"] = _IMPORTANCE[message.priority]
    mail.set_content(printable(message.body) + "\n", cte="quoted-printable")
    return mail


def message_id(message: Message, sender: str) -> str:
    """Return the Message-ID of a message, which is the same at every attempt."""
    digits = "".join(sign for sign in message.id if sign.isalnum() and sign.isascii())
    return f"<{digits}.{message.created:%Y%m%d%H%M%S}.scheduled@{sender.rpartition('@')[2]}>"


def sender(user: str) -> str:
    """Return the address that mail comes from if none is configured."""
    if "@" in user and user.isascii() and " " not in user:
        return user
    name = socket.gethostname()
    is_name = name.isascii() and name.replace("-", "").replace(".", "").isalnum()
    return f"scheduled@{name if is_name else 'localhost'}"


def _greeting() -> str:
    """Return what HELO says: the name of the host, without asking a name server."""
    name = sender("").partition("@")[2]
    return name if "." in name else "[127.0.0.1]"


def _answer(error: smtplib.SMTPException) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            said = _said(error.smtp_code, error.smtp_error)
            return f"the login was refused ({said}); check user and password"
        case smtplib.SMTPRecipientsRefused():
            return _refused(error.recipients)
        case smtplib.SMTPResponseException():
            return f"refused: {_said(error.smtp_code, error.smtp_error)}"
        case smtplib.SMTPNotSupportedError():
            return f"{error}; tls: implicit or tls: none may be what it offers"
        case smtplib.SMTPServerDisconnected():
            return "the connection was closed"
    return one_line(error) or type(error).__name__


def _refused(recipients: Refused) -> str:
    refused = (f"{to} ({_said(*answer)})" for to, answer in recipients.items())
    return f"refused the recipients: {', '.join(refused)}"


def _said(code: int, text: bytes | str) -> str:
    return one_line(f"{code} {decoded(text) if isinstance(text, bytes) else text}", 200)
