"""Converters of `ping`: a URL, or a mapping with the URL and what else is said about the pings."""

from collections.abc import Mapping
from typing import Any

from scheduled.config.collection_values import mapping
from scheduled.config.conversion import Converter, InvalidValue, describe
from scheduled.config.converters import boolean, duration, optional, single_line, size
from scheduled.config.notify_values import web_address
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.system.text import excerpt

LONGEST_SECONDS = 60.0
"""A tick waits so long for an answer at most."""
_URLS = ("url", "url_file", "url_env")


def _limit(node: Node) -> float:
    seconds = duration(node)
    if seconds > LONGEST_SECONDS:
        raise InvalidValue(f"{describe(node)}: must be at most {LONGEST_SECONDS:g} seconds")
    return seconds


_SETTINGS: Mapping[str, Converter[Any]] = {
    "url": web_address,
    "url_file": Converter(single_line, {"type": "string"}),
    "url_env": Converter(single_line, {"type": "string"}),
    "timeout": Converter(_limit, duration.schema),
    "ca_file": Converter(single_line, {"type": "string"}),
}
_OF_A_JOB: Mapping[str, Converter[Any]] = {
    **_SETTINGS,
    "start": boolean,
    "body": optional(size("1K", "1M")),
}


def _converter(settings: Mapping[str, Converter[Any]]) -> Converter[dict[str, Any]]:
    """Return a converter of a URL alone, a mapping of these settings, or `none`."""
    table = {
        "type": "object",
        "properties": {name: setting.schema for name, setting in settings.items()},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in _URLS],
    }
    either = [web_address.schema, table, {"const": "none"}, {"type": "null"}]
    return Converter(lambda node: _ping(node, settings), {"anyOf": either})


def _ping(node: Node, settings: Mapping[str, Converter[Any]]) -> dict[str, Any]:
    if node.value is None or node.text == "none":
        return {}
    if not node.is_mapping:
        return {"url": web_address(node)}
    mapping(node)  # refuses a name that stands there twice
    values = {}
    for name, value in node.value.items():
        if name not in settings:
            unknown = f'"{excerpt(name)}": no such setting'
            raise InvalidValue(f"{unknown}{did_you_mean(name, settings)}")
        try:
            values[name] = settings[name](value)
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error}") from None
    if sum(name in values for name in _URLS) != 1:
        raise InvalidValue(f"expected one of {', '.join(_URLS)}")
    return values


job_ping = _converter(_OF_A_JOB)
tick_ping = _converter(_SETTINGS)
