"""Python values as nodes, so that the same converters check decorators, calls and YAML."""

import math

from scheduled.config.conversion import InvalidValue
from scheduled.config.yaml_document import UNUSABLE, Node
from scheduled.system.text import excerpt


def node(value: object, line: int = 0) -> Node:
    """Return the node of a value. Raise InvalidValue for what YAML cannot express."""
    match value:
        case None | bool():
            return Node(value, line, "" if value is None else str(value).lower())
        case str():
            return _text(value, line)
        case int() | float():
            return _number(value, line)
        case list() | tuple():
            return Node([node(item, line) for item in value], line)
        case dict():
            return Node({_name(key): node(item, line) for key, item in value.items()}, line)
    raise InvalidValue(
        f"{type(value).__name__}: expected text, a number, a list or names with values"
    )


def _text(value: str, line: int) -> Node:
    if UNUSABLE.search(value):
        raise InvalidValue(f'"{excerpt(value)}" contains a character no text can hold')
    return Node(str(value), line, str(value))


def _number(value: float, line: int) -> Node:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidValue(f"{value}: not a number that can be written down")
    try:
        return Node(value, line, str(value))
    except ValueError:  # of more digits than Python writes
        raise InvalidValue("a number with too many digits") from None


def _name(key: object) -> str:
    if isinstance(key, str):
        return _text(key, 0).text
    raise InvalidValue(f"{key!r}: expected a text as a name")
