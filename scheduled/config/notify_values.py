"""Converters of the values that only channels have: addresses, headers, templates."""

import fnmatch
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from scheduled.config.collection_values import mapping, text_list
from scheduled.config.conversion import Converter, InvalidValue, anchored, describe
from scheduled.config.converters import single_line
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.notify.subscription import EVENTS
from scheduled.system.text import excerpt

_MAIL = re.compile(r"[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[0-9A-Za-z.\-\[\]:]{1,253}")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
_RESERVED = ("content-length", "host", "transfer-encoding", "connection")
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def word(words: Sequence[str]) -> Converter[str]:
    """Return a converter of one of these words."""

    def convert(node: Node) -> str:
        if node.text not in words:
            raise InvalidValue(f"{describe(node)}: expected one of {', '.join(words)}")
        return node.text

    return Converter(convert, {"enum": list(words)})


def word_list(words: Sequence[str]) -> Converter[tuple[str, ...]]:
    """Return a converter of a list of some of these words; one alone needs no list."""

    def convert(node: Node) -> tuple[str, ...]:
        found = text_list(node)
        if not found:
            raise InvalidValue("an empty list; remove the key")
        for item in found:
            if item not in words:
                raise InvalidValue(f'"{excerpt(item)}": unknown{did_you_mean(item, words)}')
        return found

    options = {"enum": list(words)}
    many = {"type": "array", "items": options, "minItems": 1}
    return Converter(convert, {"anyOf": [options, many]})


def _event_list(node: Node) -> tuple[str, ...]:
    found = text_list(node)
    if not found:
        raise InvalidValue("an empty list; remove the key")
    for pattern in found:
        meant = "" if fnmatch.filter(EVENTS, pattern) else did_you_mean(pattern, EVENTS, "")
        if meant:
            raise InvalidValue(f'"{excerpt(pattern)}": no such event{meant}')
    return found


event_list = Converter(_event_list, _TEXTS)


def _web_address(node: Node) -> str:
    address = single_line(node)
    if problem := web_address_problem(address):
        raise InvalidValue(problem)
    return address


def web_address_problem(address: str) -> str:
    """Return what is wrong with the URL of a webhook, or ''. It is not repeated: it is a secret."""
    expected = "expected a URL like https://example.org/hook"
    try:
        parts = urlsplit(address)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_valid = is_valid and (parts.port is None or parts.port > 0)
    except ValueError:
        return expected
    if not is_valid:
        return expected
    if not address.isascii() or not address.isprintable() or " " in address:
        return "a URL has only ASCII characters and no blanks; write others as %XX"
    return ""


web_address = Converter(_web_address, {"type": "string", "minLength": 1})


def _any_address(node: Node) -> str:
    address = single_line(node)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", address):
        raise InvalidValue("expected a URL of Apprise like ntfy://topic")
    return address


any_address = Converter(_any_address, {"type": "string", "minLength": 1})


def _mail_address(node: Node) -> str:
    return _checked_mail(single_line(node))


def _mail_addresses(node: Node) -> tuple[str, ...]:
    addresses = text_list(node)
    if not addresses:
        raise InvalidValue("an empty list; write an address like me@example.org")
    return tuple(map(_checked_mail, addresses))


def _checked_mail(address: str) -> str:
    if not _MAIL.fullmatch(address):
        expected = "expected a mail address like me@example.org, without a name"
        raise InvalidValue(f'"{excerpt(address)}": {expected}')
    return address


mail_address = Converter(_mail_address, {"type": "string", "pattern": anchored(_MAIL)})
mail_addresses = Converter(_mail_addresses, _TEXTS)


def _host_name(node: Node) -> str:
    host = single_line(node)
    is_name = all(re.fullmatch(r"[\w-]{1,63}", label) for label in host.split("."))
    if not is_name and not re.fullmatch(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", host):
        expected = "expected the name of a server like smtp.example.org; its port is a key, port"
        raise InvalidValue(f'"{excerpt(host)}": {expected}')
    return host


host_name = Converter(_host_name, {"type": "string", "minLength": 1})


def _headers(node: Node) -> dict[str, str]:
    found = {name: node.value[name].text for name in mapping(node)}
    for name, value in found.items():
        if not _HEADER.fullmatch(name) or name.lower() in _RESERVED:
            raise InvalidValue(f'"{excerpt(name)}": cannot be set as a header')
        if isinstance(node.value[name].value, list | dict | None) or not value.isprintable():
            raise InvalidValue(f"{name}: expected a line of text without control characters")
        if not value.isascii():
            raise InvalidValue(f"{name}: has characters beyond ASCII, which no header can have")
    return found


headers = Converter(_headers, {"type": ["object", "null"]})


def _template(node: Node) -> Any:
    value: Any = node.plain()
    if value is None or isinstance(value, bool | int | float):
        raise InvalidValue(f"{describe(node)}: expected text, or names with values")
    mapping(node) if node.is_mapping else None
    if isinstance(value, str) and _is_json(value):
        raise InvalidValue(
            "JSON as a text, which a quotation mark in a message would break; write it without the"
            " quotation marks around it"
        )
    return value


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


template = Converter(_template, {"type": ["object", "array", "string"]})
