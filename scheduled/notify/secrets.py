"""The secrets of a channel: where they come from, and how they are kept out of what it says."""

import base64
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from scheduled.errors import ScheduledError, UnreadableFileError, reason_of
from scheduled.notify.channel import ChannelContext, Settings
from scheduled.system.masking import Mask, is_secret
from scheduled.system.text import one_line
from scheduled.system.trusted import Trust

NAMES = ("url", "password", "token")
LARGEST = 64 * 1024


class UnusableSecretError(ScheduledError):
    """A secret that a channel needs cannot be read."""


class Secrets:
    """The secrets of one channel. Raises UnusableSecretError if one of them cannot be read."""

    def __init__(self, settings: Settings, context: ChannelContext) -> None:
        self._context = context
        self._values = {name: self._value(name, settings) for name in NAMES}
        hidden = {*self._hidden(settings)}
        self._mask = Mask({f"SECRET_{number}": text for number, text in enumerate(hidden)})
        self.certificates = self._certificates(settings)
        """Those to trust instead of the system's, as PEM; '' for the system's."""

    def __getitem__(self, name: str) -> str:
        """Return `url`, `password` or `token`; '' if the channel has none."""
        return self._values[name]

    def hide(self, sentence: str) -> str:
        """Return a sentence on one line and without the secrets."""
        return one_line(self._mask.text(sentence))

    def hide_in(self, text: str) -> str:
        """Return a text of several lines without the secrets."""
        return self._mask.text(text)

    def _value(self, name: str, settings: Settings) -> str:
        if name in settings:
            return str(settings[name])
        if f"{name}_env" in settings:
            return self._from_environment(f"{name}_env", str(settings[f"{name}_env"]))
        if f"{name}_file" in settings:
            text = self._read(f"{name}_file", settings).strip()
            if not text or len(text.splitlines()) != 1 or not text.isprintable():
                raise UnusableSecretError(f"{name}_file: expected one line of text in it")
            return text
        return ""

    def _from_environment(self, key: str, variable: str) -> str:
        text = self._context.environ.get(variable, "").strip()
        if not text or not text.isprintable():
            what = "is not set" if not text else "is no line of text"
            raise UnusableSecretError(
                f"{key}: the variable {variable} {what}; under cron, set it in the crontab, or use"
                " a file"
            )
        return text

    def _read(self, key: str, settings: Settings) -> str:
        """Return the content of the file that a key names. No message contains any of it."""
        name = str(settings[key])
        if name.startswith("~/"):
            name = self._context.environ.get("HOME", "/") + name[1:]
        path = self._context.config_dir / name
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise UnreadableFileError(path, "no file")
            data = (self._context.trust or Trust()).read(path)
            if len(data) > LARGEST and key != "ca_file":
                raise UnreadableFileError(path, "too large for a secret")
            return data.decode("utf-8-sig")
        except UnreadableFileError as error:
            raise UnusableSecretError(f"{key}: {error}") from None
        except OSError as error:
            raise UnusableSecretError(f"{key}: {path}: {reason_of(error)}") from None
        except UnicodeDecodeError:
            raise UnusableSecretError(f"{key}: {path}: not UTF-8") from None

    def _certificates(self, settings: Settings) -> str:
        return self._read("ca_file", settings) if "ca_file" in settings else ""

    def _hidden(self, settings: Settings) -> Iterator[str]:
        """Yield everything that must not be in a message."""
        yield from (self["password"], self["token"], self["url"], *_of_url(self["url"]))
        yield from _as_sent(str(settings.get("user", "")), self["password"])
        for value in settings.get("headers", {}).values():
            yield from (value, value.rpartition(" ")[2])
        variables: Mapping[str, str] = settings.get("env", {})
        yield from (value for name, value in variables.items() if is_secret(name))
        yield from _in_template(settings.get("template"))


def _as_sent(user: str, password: str) -> Iterator[str]:
    """Yield the forms in which a password is sent: a server may answer with what it got."""
    if password:
        for form in (password, f"\0{user}\0{password}"):
            yield base64.b64encode(form.encode()).decode()


def _in_template(template: Any, name: str = "") -> Iterator[str]:
    """Yield the texts of a template that stand below a name which says that they are secret."""
    match template:
        case dict():
            for key, value in template.items():
                yield from _in_template(value, key if is_secret(key) else name)
        case list():
            for value in template:
                yield from _in_template(value, name)
        case str() if name and "{" not in template:
            yield template


def _of_url(url: str) -> Iterator[str]:
    """Yield the parts of a URL that may be secret, also as they are written decoded."""
    try:
        parts = urlsplit(url)
        user = (parts.username or "", parts.password or "")
    except ValueError:
        return
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    pieces = (path, parts.query, *user, *parts.path.split("/"))
    if parts.scheme not in ("http", "https"):
        pieces += (parts.netloc, *parts.netloc.replace("@", ":").split(":"))
    for piece in pieces:
        yield from (piece, unquote(piece))
    yield base64.b64encode(unquote_to_bytes(parts.netloc.rpartition("@")[0])).decode()
