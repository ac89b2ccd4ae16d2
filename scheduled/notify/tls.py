"""The certificates of servers: they are always verified."""

import ssl
import threading
from functools import cache

from scheduled.errors import ScheduledError
from scheduled.notify.secrets import Secrets

_LOADING = threading.Lock()


def context(secrets: Secrets) -> ssl.SSLContext:
    """Return a context that trusts the channel's own certificates, else those of the system.

    It is loaded once: a tick may send hundreds of pings, and the system has many certificates.
    """
    with _LOADING:
        return _trusting(secrets.certificates)


def nothing() -> ssl.SSLContext:
    """Return a context that trusts nobody, for what is not encrypted; it loads nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _trusting(certificates: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=certificates or None)
    except ssl.SSLError as error:
        raise ScheduledError(f"ca_file: no certificates in PEM format: {error.reason}") from None


def problem(error: ssl.SSLError) -> str:
    """Return why no connection came about, with what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not valid: {error.verify_message}; correct the name of the server,"
            " or name its certificate with ca_file"
        )
    return f"no encrypted connection: {error.reason or error}"
