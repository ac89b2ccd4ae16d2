"""The settings of a channel without their secrets, to be shown."""

from collections.abc import Mapping
from typing import Any

from scheduled.system.masking import STARS, is_secret


def settings(channel: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a channel; URLs, headers and secret variables are hidden."""
    return {key: _value(key, value) for key, value in channel.items()}


def address(url: str) -> str:
    """Return where a URL leads without what may be secret: user, path and query."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https"):
        return f"{scheme}://{STARS}"  # of Apprise: its host may be a token
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    return f"{scheme}://{host}/{STARS}"


def _value(key: str, value: Any) -> Any:
    if key == "url":
        return address(str(value))
    if key == "headers":
        return dict.fromkeys(value, STARS)
    if key == "env":
        return {name: STARS if is_secret(name) else text for name, text in value.items()}
    return _without_secrets(value) if key == "template" else value


def _without_secrets(value: Any) -> Any:
    """Return a template without the values whose names say that they are secret."""
    match value:
        case dict():
            return {
                name: STARS if is_secret(name) else _without_secrets(item)
                for name, item in value.items()
            }
        case list():
            return [*map(_without_secrets, value)]
    return value
