"""The channel of a webhook: an HTTP POST, JSON unless a template says otherwise."""

import json
import re
from collections.abc import Sequence
from typing import Any

from scheduled.errors import ScheduledError
from scheduled.notify import facts, limits
from scheduled.notify.channel import Delivery, Settings
from scheduled.notify.http_post import HttpPost
from scheduled.notify.message import Message
from scheduled.notify.secrets import Secrets

_NAME = re.compile(r"\{([a-z]+)\}")


class WebhookChannel:
    """POSTs to one URL."""

    def __init__(self, name: str, settings: Settings, secrets: Secrets) -> None:
        self._name = name
        self._url = secrets["url"]
        self._http = HttpPost(secrets, limits.MESSAGE_SECONDS)
        self._template = settings.get("template")
        token = {"Authorization": f"Bearer {secrets['token']}"} if secrets["token"] else {}
        if not token.get("Authorization", "").isascii():
            raise ScheduledError("the token has characters beyond ASCII")
        self._headers = {**token, **settings.get("headers", {})}

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """POST messages one by one. Any answer from 200 to 299 means that it was delivered."""
        for message in messages:
            self._post(message)
        return Delivery(delivered=[*messages])

    def _post(self, message: Message) -> None:
        content, body = self._body(facts.document(message, self._name))
        headers = {"Content-Type": content, "Idempotency-Key": message.id, **self._headers}
        self._http.send(self._url, body, headers)

    def _body(self, document: dict[str, Any]) -> tuple[str, bytes]:
        """Return the type of the body, and the body."""
        if isinstance(self._template, str):
            text = _filled(self._template, document)
            return "text/plain; charset=utf-8", text.encode("utf-8", "replace")
        value = document if self._template is None else _filled(self._template, document)
        return "application/json", json.dumps(value).encode()


def _filled(template: Any, document: dict[str, Any]) -> Any:
    """Return a template with the names in its texts replaced; nothing else of it changes."""
    match template:
        case str():
            return _NAME.sub(lambda name: _text(name, document), template)
        case dict():
            return {key: _filled(value, document) for key, value in template.items()}
        case list():
            return [_filled(value, document) for value in template]
    return template


def _text(name: re.Match[str], document: dict[str, Any]) -> str:
    """Return what a name in braces stands for; braces around anything else stay."""
    if name[1] not in document:
        return name[0]
    value = document[name[1]]
    return value if isinstance(value, str) else json.dumps(value)
