"""Converters of lists and of names with values: commands, environments, limits, settings."""

import re
from typing import Any

from scheduled.config.conversion import (
    SCALAR,
    Converter,
    InvalidValue,
    anchored,
    describe,
    with_schema,
)
from scheduled.config.converters import duration, integer, optional, single_line, size, text
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.jobs.model import NAME
from scheduled.system.text import excerpt


@with_schema(anyOf=[SCALAR, {"type": "array", "items": SCALAR, "minItems": 1}])
def command(node: Node) -> str | tuple[str, ...]:
    """Return a string for the shell, or the words of a command that is run without one."""
    if not isinstance(node.value, list):
        return text(node)
    if not node.value:
        raise InvalidValue("an empty list; write the program and its arguments")
    words = tuple(word.value if _is_blank(word) else text(word) for word in node.value)
    if not words[0].strip():
        raise InvalidValue("its first word, the program, is empty")
    return words


def _is_blank(word: Node) -> bool:
    """Whether a word is text without anything to read, which an argument may be."""
    return isinstance(word.value, str) and not word.value.strip()


@with_schema(
    type="object",
    propertyNames={"pattern": anchored(re.compile(NAME))},
    additionalProperties=SCALAR,
)
def environment(node: Node) -> dict[str, str]:
    """Return environment variables; a value is text as it was written, `yes` and `010` too."""
    if not node.is_mapping:
        raise InvalidValue(f"expected names with values, found {describe(node)}")
    _refuse_duplicates(node)
    for name, value in node.value.items():
        if not re.fullmatch(NAME, name):
            raise InvalidValue(
                f'"{excerpt(name)}": the name of a variable has letters, digits and "_"'
            )
        if value.value is None or isinstance(value.value, list | dict):
            raise InvalidValue(f'{name}: expected text, found {describe(value)}; write "" for none')
    return {name: value.text for name, value in node.value.items()}


def exit_codes(at_least: int) -> Converter[tuple[int, ...]]:
    """Return a converter of a list of exit codes; a single one needs no list."""
    code = integer(0, 255)
    code_list = {"type": "array", "items": code.schema, "minItems": at_least}

    @with_schema(anyOf=[code.schema, code_list])
    def convert(node: Node) -> tuple[int, ...]:
        codes = node.value if isinstance(node.value, list) else [node]
        if len(codes) < at_least:
            raise InvalidValue("an empty list; it could never succeed")
        return tuple(dict.fromkeys(code(value) for value in codes))

    return convert


@with_schema(anyOf=[SCALAR, {"type": "array", "items": SCALAR}])
def text_list(node: Node) -> tuple[str, ...]:
    """Return a list of single lines; one alone needs no list."""
    nodes = node.value if isinstance(node.value, list) else [node]
    return tuple(single_line(item) for item in nodes)


@with_schema(type=["object", "null"])
def mapping(node: Node) -> dict[str, Any]:
    """Return a mapping to any JSON values."""
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise InvalidValue(f"expected names with values, found {describe(node)}")
    _refuse_duplicates(node)
    plain: dict[str, Any] = node.plain()
    return plain


def limits(what: str, known: dict[str, Converter[Any]]) -> Converter[dict[str, Any]]:
    """Return a converter of limits by name, each of which may be missing; `what` is an example."""
    return _table("limit", what, known)


def settings(what: str, known: dict[str, Converter[Any]]) -> Converter[dict[str, Any]]:
    """Return a converter of settings by name, each of which may be missing, as `limits` does."""
    return _table("setting", what, known)


def _table(noun: str, what: str, known: dict[str, Converter[Any]]) -> Converter[dict[str, Any]]:
    @with_schema(
        type="object",
        properties={name: each.schema for name, each in known.items()},
        additionalProperties=False,
    )
    def convert(node: Node) -> dict[str, Any]:
        if not node.is_mapping:
            raise InvalidValue(f"expected {noun}s like {what}, found {describe(node)}")
        _refuse_duplicates(node)
        values = {}
        for name, value in node.value.items():
            if name not in known:
                wrong = f'"{excerpt(name)}": no such {noun}'
                raise InvalidValue(f"{wrong}{did_you_mean(name, known)}")
            try:
                values[name] = known[name](value)
            except InvalidValue as error:
                raise InvalidValue(f"{name}: {error}") from None
        return values

    return convert


retention = limits(
    "{age: 30d, count: 100}",
    {"age": duration, "count": integer(1, 1_000_000), "size": size("1K", "1000T")},
)
"""How much output is kept: seconds, number of runs, bytes."""
log_rotation = optional(
    limits(
        "{size: 5M, count: 5}",
        {"size": size("1K", "1000T"), "age": duration, "count": integer(1, 999)},
    )
)
"""When logs are rotated, and how many old ones are kept; None: never."""


@with_schema(type=["object", "null"])
def job_entries(node: Node) -> None:
    """Refuse anything but a mapping; the entries are checked one by one."""
    if node.value is not None and not node.is_mapping:
        raise InvalidValue(f"expected ids of jobs, found {describe(node)}")


@with_schema(type=["object", "null"])
def channel_entries(node: Node) -> None:
    """Refuse anything but a mapping; the entries are checked one by one."""
    if node.value is not None and not node.is_mapping:
        raise InvalidValue(f"expected names with keys, found {describe(node)}")


def _refuse_duplicates(node: Node) -> None:
    """Raise InvalidValue if a mapping has a name twice, at any depth."""
    duplicate = _duplicate(node)
    if duplicate is not None:
        name, line = duplicate
        raise InvalidValue(f'duplicate key "{excerpt(name)}", again in line {line}')


def _duplicate(node: Node) -> tuple[str, int] | None:
    """Return the first name that a mapping has twice, at any depth, and its second line."""
    if node.duplicates:
        return node.duplicates[0]
    if isinstance(node.value, dict):
        children = [*node.value.values()]
    else:
        children = node.value if isinstance(node.value, list) else []
    return next((found for child in children if (found := _duplicate(child))), None)
