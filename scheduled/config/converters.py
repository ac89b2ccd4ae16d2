"""Converters of single values: text, numbers, durations, sizes, words of a policy."""

import re
from enum import StrEnum

from scheduled.config import unknown_values as unknown
from scheduled.config.conversion import (
    SCALAR,
    Converter,
    InvalidValue,
    Value,
    anchored,
    describe,
    with_schema,
)
from scheduled.config.yaml_document import Node
from scheduled.errors import ScheduleError
from scheduled.system.text import excerpt
from scheduled.timing import durations, window

LONGEST_SECONDS = 10 * 365 * 86_400
LONGEST_JITTER = 86_400
_SIZE = re.compile(r"(\d{1,15}) ?([KMGT]?)(?:i?B)?")
_OCTAL = re.compile(r"(?:0o)?([0-7]{1,3}|0[0-7]{3})")
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_DURATION = re.compile(durations.PATTERN)


@with_schema(**SCALAR, minLength=1)
def text(node: Node) -> str:
    """Return any single value, as it was written."""
    if node.value is None or isinstance(node.value, list | dict):
        raise InvalidValue(f"expected text, found {describe(node)}")
    if not node.text.strip():
        raise InvalidValue("empty; write a value, or remove the key")
    return node.text


@with_schema(**SCALAR, minLength=1)
def single_line(node: Node) -> str:
    """Return text without control characters: it is shown in tables and mail subjects."""
    value = text(node).strip()
    if not value.isprintable():
        raise InvalidValue(f'"{excerpt(value)}": expected a line without control characters')
    return value


@with_schema(type="boolean")
def boolean(node: Node) -> bool:
    """Return true or false."""
    if isinstance(node.value, bool):
        return node.value
    raise InvalidValue(f"{describe(node)}: expected true or false{unknown.yes_or_no(node.text)}")


def integer(least: int, most: int) -> Converter[int]:
    """Return a converter of whole numbers, both bounds included."""

    @with_schema(type="integer", minimum=least, maximum=most)
    def convert(node: Node) -> int:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise InvalidValue(f"{describe(node)}: expected a whole number from {least} to {most}")

    return convert


@with_schema(type=["number", "string"], exclusiveMinimum=0, pattern=anchored(_DURATION))
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


@with_schema(
    type=["number", "string"],
    exclusiveMinimum=0,
    exclusiveMaximum=LONGEST_JITTER,
    pattern=anchored(_DURATION),
)
def jitter(node: Node) -> float:
    """Return the seconds of a duration shorter than a day."""
    seconds = duration(node)
    if seconds >= LONGEST_JITTER:
        raise InvalidValue(
            f"{describe(node)}: must be shorter than a day; for more, spread the schedule with H"
        )
    return seconds


@with_schema(type=["string", "null"])
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

    @with_schema(type=["integer", "string"], minimum=lower, maximum=upper, pattern=anchored(_SIZE))
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


@with_schema(type="number", exclusiveMinimum=0, maximum=100)
def percent(node: Node) -> float:
    """Return a percentage, with or without a fraction."""
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 100:
        return float(value)
    raise InvalidValue(f"{describe(node)}: expected a number above 0, and at most 100")


def choice(policy: type[StrEnum]) -> Converter[StrEnum]:
    """Return a converter of the words of a policy."""

    @with_schema(enum=list(map(str, policy)))
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


@with_schema(type=["string", "integer"], pattern=anchored(_OCTAL))
def file_mask(node: Node) -> int:
    """Return a umask in octal digits, as umask(1) takes it, quoted or not."""
    match = _OCTAL.fullmatch(node.text)
    if match is None:
        raise InvalidValue(f'{describe(node)}: expected octal digits like "077"')
    return int(match[1], 8)


_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@with_schema(type="string", pattern="^(?i:debug|info|warn(ing)?|error|critical|fatal)$")
def log_level(node: Node) -> str:
    """Return a level of Python's logging, in capitals."""
    level = {"WARN": "WARNING", "FATAL": "CRITICAL"}.get(node.text.upper(), node.text.upper())
    if level not in _LOG_LEVELS:
        words = f"{', '.join(_LOG_LEVELS[:-1])} or {_LOG_LEVELS[-1]}"
        raise InvalidValue(f"{describe(node)}: expected {words}")
    return level
