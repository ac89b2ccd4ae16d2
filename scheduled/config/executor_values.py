"""The converters of `executors`, of a job's `executor`, and of its `resources`."""

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from scheduled.config.conversion import Converter, InvalidValue, describe
from scheduled.config.converters import boolean, duration, integer, single_line
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.system.text import excerpt

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
LOCAL = "local"
"""The name of this machine, the executor of all jobs that name none."""
_WORD = re.compile(r"[^\s\0-\x1f\x7f-]\S*")
_HOST = re.compile(r"""[^-\s'"`$\\;&<>|(){}/][^\s'"`$\\;&<>|(){}/]*""")
"""What ssh itself allows since version 9.6; earlier ones hand it to the shell of a ProxyCommand."""
_USER = re.compile(r"""[^-\s'"`$;&<>|(){}][^\s'"`$;&<>|(){}]*""")
_PORT = re.compile(r":\d{1,9}$")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
LEASE = (10.0, 3600.0)
"""The shortest and the longest lease, in seconds."""


def _text(node: Node) -> str:
    """Return a word that a program takes for an argument, and never for an option."""
    text = single_line(node)
    if not _WORD.fullmatch(text) or not text.isprintable():
        raise InvalidValue(f"{describe(node)}: expected one word that does not begin with -")
    return text


def _host(node: Node) -> str:
    """Return what ssh takes for a destination, and what is safe in a ProxyCommand."""
    text = _text(node)
    is_uri = text.startswith("ssh://")
    place = text.removeprefix("ssh://")
    user, at, host = place.rpartition("@")
    if is_uri and _PORT.search(host):
        host, _, port = host.rpartition(":")
        if not 0 < int(port) < 2**16:
            raise InvalidValue(f"{describe(node)}: a port is a number from 1 to 65535")
    has_port = is_uri and ":" in host.rpartition("]")[2]  # one that is no number
    if (at and not _USER.fullmatch(user)) or not _HOST.fullmatch(host) or has_port:
        example = "ssh://USER@HOST:PORT" if is_uri else "HOST or USER@HOST"
        raise InvalidValue(f"{describe(node)}: expected {example}")
    return text


_word = Converter(_text, {"type": "string", "pattern": r"^[^\s-]\S*$"})
_file = Converter(single_line, {"type": "string", "minLength": 1})


def _lease(node: Node) -> float:
    seconds = duration(node)
    if not LEASE[0] <= seconds <= LEASE[1]:
        raise InvalidValue(f"{describe(node)}: expected 10 seconds to 1 hour, such as 30s")
    return seconds


COMMON: Mapping[str, Converter[Any]] = {
    "lease": Converter(_lease, duration.schema),
    "connect_timeout": duration,
    "max_concurrent": integer(1, 10_000),
}
"""The settings of executors of every kind."""
KINDS: Mapping[str, Mapping[str, Converter[Any]]] = {
    "ssh": {
        "host": Converter(_host, _word.schema),
        "python": _word,
        "ssh_config": _file,
    },
    "dask": {
        "address": _word,
        "tls_ca": _file,
        "tls_cert": _file,
        "tls_key": _file,
        "insecure": boolean,
    },
}
"""The further settings of each kind."""
REQUIRED: Mapping[str, tuple[str, ...]] = {"ssh": ("host",), "dask": ("address",)}
DEFAULTS: Mapping[str, Any] = {"lease": 30.0, "connect_timeout": 10.0, "max_concurrent": 20}


def _executors(node: Node) -> dict[str, Any]:
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise InvalidValue(f"expected names with settings, found {describe(node)}")
    found, problems, again = {}, {}, dict(node.duplicates)
    for name, value in node.value.items():
        try:
            _check_name(name)
            if name in again:
                raise InvalidValue(f"duplicate name, again in line {again[name]}")
            found[name] = _executor(value)
        except InvalidValue as error:
            is_name = NAME.fullmatch(name) and name != LOCAL
            problems[name] = f"{name if is_name else _quoted(name)}: {error}"
    if problems:
        raise InvalidValue("; ".join(problems.values()), usable=found, left_out=(*problems,))
    return found


def _check_name(name: str) -> None:
    if name == LOCAL:
        raise InvalidValue("is this machine; give the executor another name")
    if not NAME.fullmatch(name):
        raise InvalidValue(
            "a name has letters, digits, dots, `_` and `-`, and begins with a letter"
        )


def _quoted(name: str) -> str:
    return f'"{excerpt(name)}"'


def _executor(node: Node) -> dict[str, Any]:
    if not node.is_mapping:
        what = "{kind: ssh, host: nas}"
        raise InvalidValue(f"expected settings like {what}, found {describe(node)}")
    if node.duplicates:
        raise InvalidValue(f'duplicate key "{excerpt(node.duplicates[0][0])}"')
    kind = _kind(node.value["kind"]) if "kind" in node.value else ""
    if kind not in KINDS:
        what = f'"{excerpt(kind)}": no such kind' if kind else "kind is missing"
        raise InvalidValue(f"{what}; there are {', '.join(KINDS)}")
    settings = {key: value for key, value in node.value.items() if key != "kind"}
    values = {"kind": kind, **DEFAULTS, **_settings(settings, kind)}
    for key in REQUIRED[kind]:
        if key not in values:
            raise InvalidValue(f"{key} is missing")
    if kind == "dask":
        _check_address(values)
    return values


def _kind(node: Node) -> str:
    if node.value is None:
        return ""
    try:
        return single_line(node)
    except InvalidValue as error:
        raise InvalidValue(f"kind: {error}") from None


def _settings(settings: Mapping[str, Node], kind: str) -> dict[str, Any]:
    known, values = {**COMMON, **KINDS[kind]}, {}
    for key, value in settings.items():
        if key not in known:
            raise InvalidValue(f'"{excerpt(key)}": no such key of {kind}{did_you_mean(key, known)}')
        try:
            values[key] = known[key](value)
        except InvalidValue as error:
            raise InvalidValue(f"{key}: {error}") from None
    return values


def _check_address(values: Mapping[str, Any]) -> None:
    """Raise InvalidValue for what is no address, or one on which anybody could run commands."""
    address = str(values["address"])
    try:
        parts = urlsplit(address)
        is_known = parts.scheme in ("tcp", "tls") and bool(parts.hostname) and bool(parts.port)
        is_known = is_known and address == f"{parts.scheme}://{parts.netloc}" and "@" not in address
    except ValueError:
        is_known = False
    if not is_known:
        raise InvalidValue(f'address: "{excerpt(address)}": expected tls://HOST:PORT')
    files = ("tls_ca", "tls_cert", "tls_key")
    if parts.scheme == "tls":
        if missing := [key for key in files if not values.get(key)]:
            raise InvalidValue(f"{missing[0]} is missing, which tls:// needs")
    elif useless := [key for key in files if values.get(key)]:
        raise InvalidValue(f"{useless[0]} is for tls://, and {address} is not encrypted")
    elif parts.hostname not in _LOOPBACK and not values.get("insecure"):
        raise InvalidValue(
            f"address: {excerpt(address)}: whoever reaches a scheduler without TLS can run commands"
            " on its workers; use tls://, or say `insecure: true`"
        )


def _resources(node: Node) -> dict[str, float]:
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise InvalidValue(f"expected amounts by name like {{gpu: 1}}, found {describe(node)}")
    if node.duplicates:
        raise InvalidValue(f'duplicate name "{excerpt(node.duplicates[0][0])}"')
    found = {}
    for name, value in node.value.items():
        if not name.strip() or not name.isprintable():
            raise InvalidValue(f'"{excerpt(name)}": expected a name, as workers declare it')
        amount = value.value
        is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not is_number or not 0 < amount < math.inf:
            raise InvalidValue(f"{excerpt(name)}: {describe(value)}: expected a number above 0")
        found[name] = float(amount)
    return found


resources = Converter(
    _resources,
    {"type": ["object", "null"], "additionalProperties": {"type": "number", "exclusiveMinimum": 0}},
)
"""Returns amounts by name."""


executors: Converter[dict[str, Any]] = Converter(
    _executors,
    {
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^(?!{LOCAL}$)(?:{NAME.pattern})$"},
        "additionalProperties": {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {
                        "kind": {"const": kind},
                        **{key: each.schema for key, each in {**COMMON, **keys}.items()},
                    },
                    "required": ["kind", *REQUIRED[kind]],
                    "additionalProperties": False,
                }
                for kind, keys in KINDS.items()
            ]
        },
    },
)
"""Returns the settings of each executor by name, with defaults for those that are not set."""


def _name(node: Node) -> str:
    name = single_line(node)
    if not NAME.fullmatch(name):
        raise InvalidValue(f"{describe(node)}: expected the name of one of `executors`")
    return "" if name == LOCAL else name


executor = Converter(_name, {"type": ["string", "boolean"]})
"""Returns a name; empty for this machine."""
