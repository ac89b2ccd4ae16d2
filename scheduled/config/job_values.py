"""Converters of keys that only jobs have."""

import re
from typing import Any

from scheduled.config.conversion import Converter, InvalidValue, anchored
from scheduled.config.converters import single_line
from scheduled.config.yaml_document import Node
from scheduled.system.text import excerpt
from scheduled.timing import bounds

_MOST_NAMES = 16


def names(pattern: re.Pattern[str]) -> Converter[tuple[str, ...]]:
    """Return a converter of a list of names that are like ids of jobs; one alone needs no list."""
    name: dict[str, Any] = {"type": ["string", "number"], "pattern": anchored(pattern)}
    name_list = {"type": "array", "items": name, "minItems": 1, "maxItems": _MOST_NAMES}

    def convert(node: Node) -> tuple[str, ...]:
        nodes = node.value if isinstance(node.value, list) else [node]
        if not 1 <= len(nodes) <= _MOST_NAMES:
            raise InvalidValue(f"expected one to {_MOST_NAMES} names, found {len(nodes)}")
        return tuple(dict.fromkeys(_name(each, pattern) for each in nodes))

    return Converter(convert, {"anyOf": [name, name_list]})


def _shell(node: Node) -> tuple[str, ...]:
    """Return the words in front of the text of a command; those of a path end with `-c`."""
    words = node.value if isinstance(node.value, list) else [node]
    texts = tuple(single_line(word) for word in words)
    if not texts:
        raise InvalidValue("an empty list; write one like [bash, -eo, pipefail, -c]")
    if isinstance(node.value, list):
        return texts
    if " " in texts[0]:
        listed = ", ".join([*texts[0].split()])
        raise InvalidValue(f'"{excerpt(texts[0])}": write its words as a list, [{listed}]')
    return (texts[0], "-c")


_WORD = {"type": ["string", "number", "boolean"], "minLength": 1}
shell = Converter(_shell, {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]})
"""What runs the texts that are commands."""


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?")


def is_moment(text: str) -> bool:
    """Return whether a text is written as a date or a time, or means none."""
    return text == "none" or _MOMENT.fullmatch(text) is not None


def _moment(node: Node) -> str:
    """Return a date, or a time as ISO 8601 has it; empty for `none`."""
    if node.value is None or node.text == "none":
        return ""
    text = single_line(node)
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        bounds.of(text.replace(" ", "T"), "", "UTC")
    except ValueError:
        expected = "a date like 2026-12-24, or a time like 2026-12-24 18:00"
        raise InvalidValue(f'"{excerpt(text)}": expected {expected}') from None
    return text.replace(" ", "T")


moment = Converter(_moment, {"type": ["string", "null"], "minLength": 1})


def _name(node: Node, pattern: re.Pattern[str]) -> str:
    name = single_line(node)
    if isinstance(node.value, bool) or not pattern.fullmatch(name):
        raise InvalidValue(
            f'"{excerpt(name)}": a name may contain letters, digits, ".", "_" and "-", at most 100'
            ' of them; it must not start or end with "." or "-"'
        )
    return name
