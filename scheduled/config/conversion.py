"""What a converter is: a function that turns a node into the value of a key, and its JSON Schema.

A converter raises InvalidValue with the end of a sentence that begins with the key. The schema of
what it accepts is for editors.
"""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from scheduled.config.yaml_document import Node
from scheduled.quick_classes import dataclass
from scheduled.system.text import excerpt

Value = TypeVar("Value")
Schema = dict[str, Any]
"""A JSON Schema, draft 2020-12."""
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
"""That of a single value."""


class InvalidValue(Exception):  # noqa: N818 - never shown as it is
    """What is wrong with a value and what is expected."""

    def __init__(self, sentence: str, usable: Any = None, left_out: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.usable = usable
        """What of the value counts all the same; None: nothing."""
        self.left_out = left_out
        """The names in it that are wrong, while the others count."""


@dataclass(frozen=True)
class Converter(Generic[Value]):
    """What a key accepts: a function for the checker, and a schema for editors.

    The schema may accept what the function refuses, but not the other way round.
    """

    function: Callable[[Node], Value]
    schema: Schema

    def __call__(self, node: Node) -> Value:
        """Return the value of a node. Raise InvalidValue."""
        return self.function(node)


def with_schema(**schema: Any) -> Callable[[Callable[[Node], Value]], Converter[Value]]:
    """Make a function a converter."""
    return lambda function: Converter(function, schema)


def problem_with(converter: Converter[Any], node: Node) -> str:
    """Return why a value is invalid, or ''."""
    try:
        converter(node)
    except InvalidValue as error:
        return str(error)
    return ""


def describe(node: Node) -> str:
    """Return a value as it was written, in quotes; for a list or a mapping, what it is."""
    match node.value:
        case None:
            return "nothing"
        case dict():
            return "names with values"
        case list():
            return "a list"
        case _:
            return f'"{excerpt(node.text)}"'


def anchored(pattern: re.Pattern[str]) -> str:
    """Return a pattern for the whole of a value, as JSON Schema has it."""
    return f"^(?:{pattern.pattern})$"
