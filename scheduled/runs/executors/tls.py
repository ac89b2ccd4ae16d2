"""TLS of a Dask scheduler: the files, why one side refuses the other, certificates that end soon.

Dask says of most refusals no more than that the connection ended.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scheduled.errors import reason_of
from scheduled.runs.executors.transport import UnreachableError

SOON = 14 * 86400
"""For so many seconds before a certificate ends it is remarked upon."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_TLS_ALONE = "it answers with TLS alone: write tls://, with tls_ca, tls_cert and tls_key"
_CLOSED = "it ended the connection, as one does that does not accept tls_cert {cert}"


def is_used(settings: Mapping[str, Any]) -> bool:
    """Return whether the connection is encrypted."""
    return str(settings["address"]).startswith("tls://")


def security(settings: Mapping[str, Any]) -> Any:
    """Return what Dask takes for the settings; None if the connection is not encrypted.

    Raise UnreachableError for a file that cannot be used.
    """
    if not is_used(settings):
        return None
    _check_files(settings)
    module: Any = import_module("distributed.security")
    return module.Security(
        tls_ca_file=settings.get("tls_ca"),
        tls_client_cert=settings.get("tls_cert"),
        tls_client_key=settings.get("tls_key"),
        require_encryption=True,
    )


def refusal(settings: Mapping[str, Any], seconds: float) -> str:
    """Return why the scheduler and we do not accept each other; '' if that is not the reason."""
    if not is_used(settings):
        return _TLS_ALONE if _answers_with_tls(settings, seconds) else ""
    try:
        _scheduler_certificate(settings, seconds)
    except ssl.SSLCertVerificationError as error:
        ca = settings["tls_ca"]
        return f"its certificate is not accepted by tls_ca {ca}: {_words(error)}"
    except (ssl.SSLEOFError, ConnectionResetError):
        try:
            _own_certificate(settings)
        except ssl.SSLError as error:
            return f"tls_cert {settings['tls_cert']}: {_words(error)}"
        return _CLOSED.format(cert=settings["tls_cert"])
    except ssl.SSLError as error:
        if error.reason in _NO_TLS:
            return "it does not answer with TLS; a scheduler without it has tcp:// as its address"
        return f"it does not accept tls_cert {settings['tls_cert']}: {_words(error)}"
    except OSError:
        pass
    return ""


def _answers_with_tls(settings: Mapping[str, Any], seconds: float) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _connection(settings, seconds) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def remarks(settings: Mapping[str, Any], seconds: float, now: float) -> Iterator[str]:
    """Yield which certificates end soon, one each."""
    found = {}
    with contextlib.suppress(OSError):  # errors of OpenSSL, too: somebody else's authority
        found[f"tls_cert {settings['tls_cert']}"] = _own_certificate(settings)
    with contextlib.suppress(OSError):
        found["the certificate of the scheduler"] = _scheduler_certificate(settings, seconds)
    for name, certificate in found.items():
        ends = ssl.cert_time_to_seconds(certificate["notAfter"])
        if ends - now < SOON:
            on = datetime.fromtimestamp(ends, UTC)
            yield f"{name} ends on {on:%Y-%m-%d at %H:%M} UTC; renew it before"


def _scheduler_certificate(settings: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Shake hands with the scheduler, and return its certificate. Raises OSError."""
    with _connection(settings, seconds) as plain:
        with _ours(settings).wrap_socket(plain) as encrypted:
            found = encrypted.getpeercert()
            # Only after that does it say whether it accepts ours; if so, it speaks first.
            with contextlib.suppress(TimeoutError):
                if not encrypted.recv(1):
                    raise ssl.SSLEOFError
        return dict(found or {})


def _connection(settings: Mapping[str, Any], seconds: float) -> socket.socket:
    address = urlsplit(settings["address"])
    return socket.create_connection((address.hostname, address.port or 0), seconds)


def _own_certificate(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return our certificate, as somebody finds it who trusts our authority. Raises OSError.

    The standard library reads certificates in a handshake only; so this has one with itself.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting, asking = _ours(settings), _ours(settings, of_server=True)
    trusting.verify_mode, asking.verify_mode = ssl.CERT_NONE, ssl.CERT_REQUIRED
    client = trusting.wrap_bio(to_client, to_server)
    server = asking.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return dict(server.getpeercert() or {})


def _ours(settings: Mapping[str, Any], *, of_server: bool = False) -> ssl.SSLContext:
    """Return a context with our files, which takes any name, as Dask does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if of_server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(settings["tls_ca"])
    context.load_cert_chain(settings["tls_cert"], settings["tls_key"])
    return context


def _words(error: ssl.SSLError) -> str:
    """Return what OpenSSL says, in words: `certificate expired`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or str(error)).rpartition("ALERT_")[2].replace("_", " ").lower()


def _check_files(settings: Mapping[str, Any]) -> None:
    """Raise UnreachableError that names the file of `tls_*` that is none, or needs a passphrase."""
    files = {key: settings[key] for key in ("tls_ca", "tls_cert", "tls_key")}
    asked: list[bool] = []

    def no_passphrase() -> str:
        asked.append(True)
        return ""

    context, what = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "tls_ca"
    try:
        context.load_verify_locations(files["tls_ca"])
        what = "tls_cert"
        if b"CERTIFICATE-----" not in Path(files["tls_cert"]).read_bytes():
            raise ValueError
        what = "tls_key"
        context.load_cert_chain(files["tls_cert"], files["tls_key"], no_passphrase)
    except (ValueError, OSError) as error:  # errors of OpenSSL are of the latter
        reason = f"no key of {files['tls_cert']}" if what == "tls_key" else "no certificate"
        if asked:
            reason = "it needs a passphrase; nobody is there to type it"
        elif not isinstance(error, ssl.SSLError | ValueError):
            reason = reason_of(error)
        raise UnreachableError(f"{what}: {files[what]}: {reason}") from error
