"""The converters of `not_on` and `only_on`, and of `calendars`, which they name."""

import re
from typing import Any

from scheduled.config.conversion import Converter, InvalidValue, Schema, describe
from scheduled.config.converters import single_line
from scheduled.config.yaml_document import Node
from scheduled.errors import ScheduleError, did_you_mean
from scheduled.system.text import excerpt
from scheduled.timing import day_words

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_WORD: Schema = {"type": ["string", "boolean", "number"]}
"""A boolean, as readers of YAML 1.1 take `off` for one; a number is text that looks like one."""
_KEYS = ("file", "country", "subdivision")


def _words(node: Node) -> list[str]:
    """Return the words of a list, or of a text with commas, as they were written."""
    nodes = node.value if isinstance(node.value, list) else [node]
    texts = [single_line(each) for each in nodes]
    words = [word.strip() for text in texts for word in text.split(",")]
    if not all(words):
        raise InvalidValue(f"{describe(node)}: a word is missing between two commas")
    return words


def _days(node: Node) -> tuple[str, ...]:
    if node.value is None or node.text == "none" or node.value == []:
        return ()
    return tuple(dict.fromkeys(map(_checked, _words(node))))


def _checked(word: str) -> str:
    if day_words.is_day(word):
        _refuse_no_day(word)
    elif not NAME.fullmatch(word):
        raise InvalidValue(
            f'"{excerpt(word)}": expected {day_words.FORMS}, or a name in `calendars`'
        )
    return word


def _refuse_no_day(word: str) -> None:
    try:
        day_words.parse(word)
    except ScheduleError as error:
        raise InvalidValue(str(error)) from None


days: Converter[tuple[str, ...]] = Converter(
    _days, {"anyOf": [_WORD, {"type": "array", "items": _WORD}, {"type": "null"}]}
)
"""Returns the words of days, and names of calendars."""


def _calendars(node: Node) -> dict[str, Any]:
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise InvalidValue(f"expected names with values, found {describe(node)}")
    if node.duplicates:
        name, line = node.duplicates[0]
        raise InvalidValue(f'duplicate name "{excerpt(name)}", again in line {line}')
    return {_name(name): _calendar(name, value) for name, value in node.value.items()}


def _name(name: str) -> str:
    if day_words.is_day(name) or name == "none":
        raise InvalidValue(f'"{excerpt(name)}": means days by itself; give the calendar a name')
    if not NAME.fullmatch(name):
        what = "a name has letters, digits, dots, `_` and `-`, and begins with a letter"
        raise InvalidValue(f'"{excerpt(name)}": {what}')
    return name


def _calendar(name: str, node: Node) -> dict[str, Any]:
    try:
        if isinstance(node.value, list):
            return {"days": _inline(node)}
        if node.is_mapping:
            return _source(node)
        return {"file": single_line(node)}
    except InvalidValue as error:
        raise InvalidValue(f"{name}: {error}") from None


def _inline(node: Node) -> list[str]:
    if not node.value:
        raise InvalidValue("an empty list; write days, or the name of a file")
    words = _words(node)
    for word in words:
        _refuse_no_day(word)
    return words


def _source(node: Node) -> dict[str, str]:
    if node.duplicates:
        raise InvalidValue(f'duplicate key "{excerpt(node.duplicates[0][0])}"')
    for key in node.value:
        if key not in _KEYS:
            raise InvalidValue(f'"{excerpt(key)}": no such key{did_you_mean(key, _KEYS)}')
    found = {}
    for key, value in node.value.items():
        try:
            found[key] = single_line(value)
        except InvalidValue as error:
            raise InvalidValue(f"{key}: {error}") from None
    if ("file" in found) == ("country" in found):
        raise InvalidValue("write either file, or country with or without subdivision")
    if "file" in found and "subdivision" in found:
        raise InvalidValue("subdivision belongs to a country; a file has none")
    return found


calendars: Converter[dict[str, Any]] = Converter(
    _calendars,
    {
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^(?:{NAME.pattern})$"},
        "additionalProperties": {
            "anyOf": [
                {**_WORD, "minLength": 1},
                {"type": "array", "items": _WORD, "minItems": 1},
                {
                    "type": "object",
                    "properties": dict.fromkeys(_KEYS, _WORD),
                    "additionalProperties": False,
                },
            ]
        },
    },
)
"""Returns of each calendar its `file`, its `days`, or its `country` and `subdivision`."""
