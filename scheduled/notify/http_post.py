"""An HTTP POST, and in words why it failed.

Redirections are not followed: headers and URL may hold a secret that is meant for one server.
"""

import base64
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes, urlsplit

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import masked, tls
from scheduled.notify.secrets import Secrets
from scheduled.system.text import one_line
from scheduled.version import __version__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing: the answer is an error."""


class HttpPost:
    """POSTs to one server. Raises ScheduledError for a URL that cannot be used."""

    def __init__(self, secrets: Secrets, timeout: float) -> None:
        url = secrets["url"]
        if not url.startswith(("http://", "https://")) or not url.isascii():
            raise ScheduledError("expected a URL like https://example.org/hook")
        self.place = masked.address(url)
        """Where it leads, without what may be secret."""
        self._timeout = timeout
        is_encrypted = url.startswith("https:")
        trusted = tls.context(secrets) if is_encrypted else tls.nothing()
        verifying = urllib.request.HTTPSHandler(context=trusted)
        self._opener = urllib.request.build_opener(_NoRedirect, verifying)

    def send(self, url: str, body: bytes, headers: Mapping[str, str], answer: int = 0) -> bytes:
        """Return the first `answer` bytes of the answer; any code from 200 to 299 is success.

        Raises TimeoutError, and ScheduledError for anything else that goes wrong.
        """
        asked, login = _without_login(url)
        sent = {"User-Agent": f"scheduled/{__version__}", **login, **headers}
        try:
            request = urllib.request.Request(asked, body, sent, method="POST")  # noqa: S310
            with self._opener.open(request, timeout=self._timeout) as response:
                return _beginning(response, answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ScheduledError(f"{self.place}: {_refusal(error)}") from None
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
        return ScheduledError(f"{self.place}: {why}")


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


def _beginning(response: http.client.HTTPResponse, size: int) -> bytes:
    """Return the beginning of an answer: the code says already that it is a good one."""
    if not size:
        return b""
    try:
        return response.read1(size)  # what is there; a server may send the rest for hours
    except (OSError, http.client.HTTPException):
        return b""


def _refusal(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"answers {error.code}, a redirection, which is not followed; set the final URL"
    return one_line(f"answers {error.code} {error.reason}", 100)
