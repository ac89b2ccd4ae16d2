"""JSON that every program can read, whatever jobs print: UTF-8, no NaN, not nested too deeply."""

import json
import math
from typing import Any

from scheduled.system.files import MAX_NESTING

TOO_DEEP = "(nested too deeply to be shown)"
_DEEPEST = MAX_NESTING + 20
"""A result may be nested MAX_NESTING deep, and stands a few levels down in what is printed."""


def dumps(document: Any) -> str:
    """Return a document as indented JSON, in ASCII.

    A number that JSON does not have is null, half a surrogate pair is U+FFFD, and what no JSON has
    (YAML knows dates) is text.
    """
    return json.dumps(plain(document), indent=2)


def plain(value: Any, deepest: int = _DEEPEST) -> Any:
    """Return a value with nothing in it that another program could not read."""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict | list | tuple) and deepest == 0:
        return TOO_DEEP
    if isinstance(value, dict):
        return {_key(key): plain(item, deepest - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, deepest - 1) for item in value]
    return _whole(str(value))


def _key(key: Any) -> Any:
    return _whole(key) if isinstance(key, str) else key


def _whole(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
