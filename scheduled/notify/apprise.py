"""The channel of Apprise, a library that reaches a hundred services by URL; an optional extra."""

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from scheduled.errors import ScheduledError, install_extra
from scheduled.notify.channel import Delivery
from scheduled.notify.message import Message
from scheduled.notify.secrets import Secrets

MISSING = f"Apprise is not installed; {install_extra('apprise')}"
_TYPES = {"incident_closed": "success", "report": "info", "test": "info"}


class AppriseChannel:
    """Delivers to one URL of Apprise."""

    def __init__(self, secrets: Secrets) -> None:
        try:
            apprise: Any = import_module("apprise")
        except ImportError:
            raise ScheduledError(MISSING) from None
        self._log = _LastWarning()
        logging.getLogger("apprise").addHandler(self._log)
        self._service: Any = apprise.Apprise()
        if not self._service.add(secrets["url"]):
            raise ScheduledError(self._log.reason or "Apprise does not know a URL like this")

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver messages one by one."""
        delivery = Delivery()
        for message in messages:
            kind = _TYPES.get(str(message.facts.get("event")), "warning")
            is_sent = self._service.notify(
                title=message.subject, body=message.body or " ", notify_type=kind,
                body_format="text",
            )  # fmt: skip
            if is_sent:
                delivery.delivered.append(message)
            else:
                delivery.failed.append((message, self._log.reason or "Apprise says it failed"))
        return delivery


class _LastWarning(logging.Handler):
    """Keeps the last warning: it is all that Apprise tells about a failure."""

    reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        if record.levelno >= logging.WARNING:
            self.reason = record.getMessage()
