"""The channel of a webhook: an HTTP POST, JSON unless a template says otherwise.

Redirections are not followed: the headers may hold a secret that is meant for this server alone.
"""

import base64
import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import facts, masked, sending, tls
from scheduled.notify.channel import Delivery, Settings
from scheduled.notify.message import Message
from scheduled.notify.secrets import Secrets
from scheduled.system.text import one_line
from scheduled.version import __version__

_NAME = re.compile(r"\{([a-z]+)\}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing: the answer is an error."""


class WebhookChannel:
    """POSTs to one URL."""

    def __init__(self, name: str, settings: Settings, secrets: Secrets) -> None:
        self._name = name
        self._url = secrets["url"]
        self._place = masked.address(self._url)
        if not self._url.startswith(("http://", "https://")) or not self._url.isascii():
            raise ScheduledError("expected a URL like https://example.org/hook")
        self._template = settings.get("template")
        self._url, login = _without_login(self._url)
        token = {"Authorization": f"Bearer {secrets['token']}"} if secrets["token"] else login
        if not token.get("Authorization", "").isascii():
            raise ScheduledError("the token has characters beyond ASCII")
        self._headers = {**token, **settings.get("headers", {})}
        verifying = urllib.request.HTTPSHandler(context=tls.context(secrets))
        self._opener = urllib.request.build_opener(_NoRedirect, verifying)

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """POST messages one by one. Any answer from 200 to 299 means that it was delivered."""
        for message in messages:
            self._post(message)
        return Delivery(delivered=[*messages])

    def _post(self, message: Message) -> None:
        content, body = self._body(facts.document(message, self._name))
        headers = {
            "Content-Type": content,
            "User-Agent": f"scheduled/{__version__}",
            "Idempotency-Key": message.id,
            **self._headers,
        }
        try:
            request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310
            self._opener.open(request, timeout=sending.MESSAGE_SECONDS).close()
        except urllib.error.HTTPError as error:
            with error:
                raise ScheduledError(f"{self._place}: {_refusal(error)}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> Exception:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        match reason:
            case TimeoutError():
                return reason
            case ssl.SSLError():
                why = tls.problem(reason)
            case http.client.RemoteDisconnected():
                why = "the connection was closed without an answer"
            case OSError():
                why = reason_of(reason)
            case http.client.BadStatusLine() | http.client.HTTPException():
                why = "the answer is not HTTP"
            case _:
                why = f"not a URL that can be used: {type(error).__name__}"
        return ScheduledError(f"{self._place}: {why}")

    def _body(self, document: dict[str, Any]) -> tuple[str, bytes]:
        """Return the type of the body, and the body."""
        if isinstance(self._template, str):
            text = _filled(self._template, document)
            return "text/plain; charset=utf-8", text.encode("utf-8", "replace")
        value = document if self._template is None else _filled(self._template, document)
        return "application/json", json.dumps(value).encode()


def _without_login(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL as it is asked for, and the header that its `user:password@` stands for."""
    try:
        parts = urlsplit(url)
    except ValueError:  # said when it is used
        return url, {}
    login, is_there, host = parts.netloc.rpartition("@")
    if not is_there:
        return url, {}
    encoded = base64.b64encode(unquote_to_bytes(login)).decode("ascii")
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {encoded}"}


def _refusal(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"answers {error.code}, a redirection, which is not followed; set the final URL"
    return one_line(f"answers {error.code} {error.reason}", 100)


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
