"""Converters: for each kind of key, a function that turns a node into its value.

A converter raises InvalidValue with the end of a sentence that begins with the key. It also has a
JSON Schema of what it accepts, for editors.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from scheduled.config import unknown_values as unknown
from scheduled.config.yaml_document import Node
from scheduled.errors import ScheduleError, did_you_mean
from scheduled.jobs.model import NAME
from scheduled.quick_classes import dataclass
from scheduled.system.text import excerpt
from scheduled.timing import durations, window

Value = TypeVar("Value")
Schema = dict[str, Any]
"""A JSON Schema, draft 2020-12."""

LONGEST_SECONDS = 10 * 365 * 86_400
LONGEST_JITTER = 86_400
_SIZE = re.compile(r"(\d{1,15}) ?([KMGT]?)(?:i?B)?")
_OCTAL = re.compile(r"(?:0o)?([0-7]{1,3}|0[0-7]{3})")
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class InvalidValue(Exception):  # noqa: N818 - never shown as it is
    """What is wrong with a value and what is expected, and maybe what of it counts all the same."""


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


def _with_schema(**schema: Any) -> Callable[[Callable[[Node], Value]], Converter[Value]]:
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
    return _whole(pattern.pattern)


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


_SCALAR: Schema = {"type": ["string", "number", "boolean"]}


@_with_schema(**_SCALAR, minLength=1)
def text(node: Node) -> str:
    """Return any single value, as it was written."""
    if node.value is None or isinstance(node.value, list | dict):
        raise InvalidValue(f"expected text, found {describe(node)}")
    if not node.text.strip():
        raise InvalidValue("empty; write a value, or remove the key")
    return node.text


@_with_schema(**_SCALAR, minLength=1)
def single_line(node: Node) -> str:
    """Return text without control characters: it is shown in tables and mail subjects."""
    value = text(node).strip()
    if not value.isprintable():
        raise InvalidValue(f'"{excerpt(value)}": expected a line without control characters')
    return value


@_with_schema(type="boolean")
def boolean(node: Node) -> bool:
    """Return true or false."""
    if isinstance(node.value, bool):
        return node.value
    raise InvalidValue(f"{describe(node)}: expected true or false{unknown.yes_or_no(node.text)}")


def integer(least: int, most: int) -> Converter[int]:
    """Return a converter of whole numbers, both bounds included."""

    @_with_schema(type="integer", minimum=least, maximum=most)
    def convert(node: Node) -> int:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise InvalidValue(f"{describe(node)}: expected a whole number from {least} to {most}")

    return convert


@_with_schema(type=["number", "string"], exclusiveMinimum=0, pattern=_whole(durations.PATTERN))
def duration(node: Node) -> float:
    """Return the seconds of a duration: a number, or `90s 10m 2h 1d 1h30m`."""
    try:
        seconds = durations.parse(node.text)
    except ValueError:
        expected = "seconds, or a duration like 90s, 10m, 2h or 1d"
        expected += unknown.duration(node.text)
        raise InvalidValue(f"{describe(node)}: expected {expected}") from None
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InvalidValue(f"{describe(node)}: must be above zero, and at most ten years")
    return seconds


@_with_schema(
    type=["number", "string"],
    exclusiveMinimum=0,
    exclusiveMaximum=LONGEST_JITTER,
    pattern=_whole(durations.PATTERN),
)
def jitter(node: Node) -> float:
    """Return the seconds of a duration shorter than a day."""
    seconds = duration(node)
    if seconds >= LONGEST_JITTER:
        raise InvalidValue(
            f"{describe(node)}: must be shorter than a day; for more, spread the schedule with H"
        )
    return seconds


@_with_schema(type=["string", "null"])
def time_window(node: Node) -> str:
    """Return two times of day, `21:00-06:00`; empty for `none`."""
    if node.value is None or node.text == "none":
        return ""
    try:
        return str(window.parse(text(node)))
    except ScheduleError as error:
        raise InvalidValue(f"{describe(node)}: {error}") from None


def size(least: str, most: str) -> Converter[int]:
    """Return a converter of bytes, a number or `64K 1M 1G`; both bounds included."""
    lower, upper = _bytes(least), _bytes(most)

    @_with_schema(type=["integer", "string"], minimum=lower, maximum=upper, pattern=anchored(_SIZE))
    def convert(node: Node) -> int:
        if _SIZE.fullmatch(node.text) is None:
            raise InvalidValue(f"{describe(node)}: expected bytes, or a size like 64K or 1M")
        value = _bytes(node.text)
        if not lower <= value <= upper:
            raise InvalidValue(f"{describe(node)}: must be from {least} to {most}")
        return value

    return convert


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text)
    assert match is not None
    return int(match[1]) * _BYTES[match[2]]


@_with_schema(type="number", exclusiveMinimum=0, maximum=100)
def percent(node: Node) -> float:
    """Return a percentage, with or without a fraction."""
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 100:
        return float(value)
    raise InvalidValue(f"{describe(node)}: expected a number above 0, and at most 100")


def choice(policy: type[StrEnum]) -> Converter[StrEnum]:
    """Return a converter of the words of a policy."""

    @_with_schema(enum=list(map(str, policy)))
    def convert(node: Node) -> StrEnum:
        try:
            return policy(node.text)
        except ValueError:
            *others, last = policy
            words = f"{', '.join(others)} or {last}" if others else str(last)
            advice = unknown.word(policy, node.text)
            raise InvalidValue(f"{describe(node)}: expected {words}{advice}") from None

    return convert


def optional(converter: Converter[Value]) -> Converter[Value | None]:
    """Return a converter that also accepts `none` and an empty value, which disable the policy."""
    schema = {"anyOf": [converter.schema, {"const": "none"}, {"type": "null"}]}

    def convert(node: Node) -> Value | None:
        try:
            return None if node.value is None or node.text == "none" else converter(node)
        except InvalidValue as error:
            raise InvalidValue(f"{error}{unknown.nothing(node.text)}") from None

    return Converter(convert, schema)


@_with_schema(anyOf=[_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}])
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


@_with_schema(
    type="object",
    propertyNames={"pattern": anchored(re.compile(NAME))},
    additionalProperties=_SCALAR,
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


@_with_schema(type=["string", "integer"], pattern=anchored(_OCTAL))
def file_mask(node: Node) -> int:
    """Return a umask in octal digits, as umask(1) takes it, quoted or not."""
    match = _OCTAL.fullmatch(node.text)
    if match is None:
        raise InvalidValue(f'{describe(node)}: expected octal digits like "077"')
    return int(match[1], 8)


def exit_codes(at_least: int) -> Converter[tuple[int, ...]]:
    """Return a converter of a list of exit codes; a single one needs no list."""
    code = integer(0, 255)
    code_list = {"type": "array", "items": code.schema, "minItems": at_least}

    @_with_schema(anyOf=[code.schema, code_list])
    def convert(node: Node) -> tuple[int, ...]:
        codes = node.value if isinstance(node.value, list) else [node]
        if len(codes) < at_least:
            raise InvalidValue("an empty list; it could never succeed")
        return tuple(dict.fromkeys(code(value) for value in codes))

    return convert


@_with_schema(anyOf=[_SCALAR, {"type": "array", "items": _SCALAR}])
def text_list(node: Node) -> tuple[str, ...]:
    """Return a list of single lines; one alone needs no list."""
    nodes = node.value if isinstance(node.value, list) else [node]
    return tuple(single_line(item) for item in nodes)


@_with_schema(type=["object", "null"])
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
    @_with_schema(
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
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@_with_schema(type="string", pattern="^(?i:debug|info|warn(ing)?|error|critical|fatal)$")
def log_level(node: Node) -> str:
    """Return a level of Python's logging, in capitals."""
    level = {"WARN": "WARNING", "FATAL": "CRITICAL"}.get(node.text.upper(), node.text.upper())
    if level not in _LOG_LEVELS:
        words = f"{', '.join(_LOG_LEVELS[:-1])} or {_LOG_LEVELS[-1]}"
        raise InvalidValue(f"{describe(node)}: expected {words}")
    return level


@_with_schema(type=["object", "null"])
def job_entries(node: Node) -> None:
    """Refuse anything but a mapping; the entries are checked one by one."""
    if node.value is not None and not node.is_mapping:
        raise InvalidValue(f"expected ids of jobs, found {describe(node)}")


@_with_schema(type=["object", "null"])
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
