"""What the value of a key may be: a reader for each kind.

A reader makes the value of a node, or raises Unfit with the rest of the sentence that began with
the key's place. It also tells an editor what it takes, as a JSON Schema.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from scheduled.config.yaml_document import Node, excerpt
from scheduled.errors import ScheduleError
from scheduled.jobs.model import NAME
from scheduled.timing import durations, window

Value = TypeVar("Value")
Schema = dict[str, Any]
"""A JSON Schema, draft 2020-12."""

LONGEST_SECONDS = 10 * 365 * 86_400
LONGEST_JITTER = 86_400
_SIZE = re.compile(r"(\d{1,15}) ?([KMGT]?)(?:i?B)?")
_OCTAL = re.compile(r"(?:0o)?([0-7]{1,3}|0[0-7]{3})")
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class InvalidValue(Exception):  # noqa: N818 - a value that does not fit its key, never shown as it is
    """What is wrong with a value, and what would do."""


@dataclass(frozen=True)
class Converter(Generic[Value]):
    """What a key accepts: a function for the checker, and the same in an editor's terms.

    The shape may let pass what the function refuses, never the other way round.
    """

    read: Callable[[Node], Value]
    shape: Schema

    def __call__(self, node: Node) -> Value:
        """The value of a node. Raises Unfit."""
        return self.read(node)


def _with_schema(**shape: Any) -> Callable[[Callable[[Node], Value]], Converter[Value]]:
    """Make a function a reader."""
    return lambda read: Converter(read, shape)


def anchored(pattern: re.Pattern[str]) -> str:
    """A pattern for the whole of a value, as JSON Schema has it."""
    return _whole(pattern.pattern)


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_WORDS: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}


@_with_schema(**_SCALAR, minLength=1)
def text(node: Node) -> str:
    """Any single value, as it was written."""
    if node.value is None or isinstance(node.value, list | dict):
        raise InvalidValue(f"expected text, found {describe(node)}")
    if not node.text.strip():
        raise InvalidValue("empty; write a value, or leave the key out")
    return node.text


@_with_schema(**_SCALAR, minLength=1)
def single_line(node: Node) -> str:
    """Text without control characters: it is shown in tables and sent in subjects."""
    value = text(node).strip()
    if not value.isprintable():
        raise InvalidValue(
            f'"{excerpt(value)}": one line of text without control characters, please'
        )
    return value


@_with_schema(type="boolean")
def boolean(node: Node) -> bool:
    """true or false."""
    if isinstance(node.value, bool):
        return node.value
    raise InvalidValue(f"{describe(node)}: true or false")


def integer(least: int, most: int) -> Converter[int]:
    """A reader of whole numbers, both bounds included."""

    @_with_schema(type="integer", minimum=least, maximum=most)
    def read(node: Node) -> int:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise InvalidValue(f"{describe(node)}: a whole number from {least} to {most}")

    return read


@_with_schema(type=["number", "string"], exclusiveMinimum=0, pattern=_whole(durations.PATTERN))
def duration(node: Node) -> float:
    """Seconds, as a number or as `90s 10m 2h 1d`."""
    try:
        seconds = durations.parse(node.text)
    except ValueError:
        expected = "seconds, or a duration like 90s, 10m, 2h or 1d"
        raise InvalidValue(f"{describe(node)}: {expected}") from None
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InvalidValue(f"{describe(node)}: longer than nothing, and ten years at most")
    return seconds


@_with_schema(
    type=["number", "string"],
    exclusiveMinimum=0,
    exclusiveMaximum=LONGEST_JITTER,
    pattern=_whole(durations.PATTERN),
)
def jitter(node: Node) -> float:
    """A duration that is shorter than a day."""
    seconds = duration(node)
    if seconds >= LONGEST_JITTER:
        raise InvalidValue(
            f"{describe(node)}: shorter than a day; for more, spread the schedule with H"
        )
    return seconds


@_with_schema(type=["string", "null"])
def time_window(node: Node) -> str:
    """Two times of day, `21:00-06:00`; empty for `none`."""
    if node.value is None or node.text == "none":
        return ""
    try:
        return str(window.parse(text(node)))
    except ScheduleError as error:
        raise InvalidValue(f"{describe(node)}: {error}") from None


def size(least: str, most: str) -> Converter[int]:
    """A reader of bytes, as a number or as `64K 1M 1G`; both bounds included."""
    lower, upper = _bytes(least), _bytes(most)

    @_with_schema(type=["integer", "string"], minimum=lower, maximum=upper, pattern=anchored(_SIZE))
    def read(node: Node) -> int:
        if _SIZE.fullmatch(node.text) is None:
            raise InvalidValue(f"{describe(node)}: bytes, or a size like 64K or 1M")
        value = _bytes(node.text)
        if not lower <= value <= upper:
            raise InvalidValue(f"{describe(node)}: from {least} to {most}")
        return value

    return read


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text)
    assert match is not None
    return int(match[1]) * _BYTES[match[2]]


@_with_schema(type="number", exclusiveMinimum=0, maximum=100)
def percent(node: Node) -> float:
    """A share of 100, with or without a fraction."""
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 100:
        return float(value)
    raise InvalidValue(f"{describe(node)}: a number above 0, and 100 at most")


def choice(policy: type[StrEnum]) -> Converter[StrEnum]:
    """A reader of one of a policy's words."""

    @_with_schema(enum=list(map(str, policy)))
    def read(node: Node) -> StrEnum:
        try:
            return policy(node.text)
        except ValueError:
            words = " or ".join((", ".join(list(policy)[:-1]), list(policy)[-1]))
            raise InvalidValue(f"{describe(node)}: {words}") from None

    return read


def optional(read: Converter[Value]) -> Converter[Value | None]:
    """A reader that also takes `none` and an empty value, which switch the policy off."""
    shape = {"anyOf": [read.shape, {"const": "none"}, {"type": "null"}]}
    return Converter(
        lambda node: None if node.value is None or node.text == "none" else read(node), shape
    )


@_with_schema(anyOf=[_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}])
def command(node: Node) -> str | tuple[str, ...]:
    """A string for the shell, or a list of words that needs none."""
    if not isinstance(node.value, list):
        return text(node)
    if not node.value:
        raise InvalidValue("an empty list; write the program and its arguments")
    words = tuple("" if one.value == "" else text(one) for one in node.value)
    if not words[0]:
        raise InvalidValue("its first word, the program, is empty")
    return words


@_with_schema(
    type="object",
    propertyNames={"pattern": anchored(NAME)},
    additionalProperties=_SCALAR,
)
def environment(node: Node) -> dict[str, str]:
    """Environment variables: each value as it was written, `yes` and `010` too."""
    if not node.is_mapping:
        raise InvalidValue(f"expected names with values, found {describe(node)}")
    twice = _duplicate(node)
    if twice is not None:
        raise InvalidValue(f'"{excerpt(twice[0])}" stands here twice, again in line {twice[1]}')
    for name, one in node.value.items():
        if not NAME.fullmatch(name):
            raise InvalidValue(
                f'"{excerpt(name)}": the name of a variable has letters, digits and "_"'
            )
        if one.value is None or isinstance(one.value, list | dict):
            raise InvalidValue(f'{name}: expected text, found {describe(one)}; an empty one is ""')
    return {name: one.text for name, one in node.value.items()}


@_with_schema(type=["string", "integer"], pattern=anchored(_OCTAL))
def file_mask(node: Node) -> int:
    """A umask in octal digits, as umask(1) takes it, quoted or not."""
    match = _OCTAL.fullmatch(node.text)
    if match is None:
        raise InvalidValue(f'{describe(node)}: octal digits like "077"')
    return int(match[1], 8)


def exit_codes(at_least: int) -> Converter[tuple[int, ...]]:
    """A reader of a list of so many exit codes; a single one needs no list."""
    code = integer(0, 255)
    several = {"type": "array", "items": code.shape, "minItems": at_least}

    @_with_schema(anyOf=[code.shape, several])
    def read(node: Node) -> tuple[int, ...]:
        codes = node.value if isinstance(node.value, list) else [node]
        if len(codes) < at_least:
            raise InvalidValue("an empty list; it could never succeed")
        return tuple(dict.fromkeys(code(one) for one in codes))

    return read


@_with_schema(**_WORDS)
def words(node: Node) -> tuple[str, ...]:
    """Words to choose jobs by; a single one needs no list."""
    words = node.value if isinstance(node.value, list) else [node]
    return tuple(single_line(one) for one in words)


@_with_schema(**_WORDS)
def path_list(node: Node) -> tuple[str, ...]:
    """Paths as they were written; a single one needs no list."""
    paths = node.value if isinstance(node.value, list) else [node]
    return tuple(single_line(one) for one in paths)


@_with_schema(type=["object", "null"])
def mapping(node: Node) -> dict[str, Any]:
    """Anything with names, for whoever asks for it; JSON values."""
    if node.value is None:
        return {}
    if not node.is_mapping:
        raise InvalidValue(f"expected names with values, found {describe(node)}")
    twice = _duplicate(node)
    if twice is not None:
        raise InvalidValue(f'"{excerpt(twice[0])}" stands here twice, again in line {twice[1]}')
    plain: dict[str, Any] = node.plain()
    return plain


@_with_schema(type=["object", "null"])
def job_entries(node: Node) -> None:
    """Only whether there are names: what stands below them is checked one by one."""
    if node.value is not None and not node.is_mapping:
        raise InvalidValue(f"expected ids of jobs, found {describe(node)}")


def problem_with(reader: Converter[Any], node: Node) -> str:
    """Why a value does not fit; empty if it does."""
    try:
        reader(node)
    except InvalidValue as unfit:
        return str(unfit)
    return ""


def describe(node: Node) -> str:
    """A value as it was written, in quotes; of one that is no scalar, what it is."""
    match node.value:
        case None:
            return "nothing"
        case dict():
            return "names with values"
        case list():
            return "a list"
        case _:
            return f'"{excerpt(node.text)}"'


def _duplicate(node: Node) -> tuple[str, int] | None:
    """The first name that occurs twice in one mapping, at any depth, and the line it does."""
    if node.repeated:
        return node.repeated[0]
    below = node.value.values() if node.is_mapping else node.value
    nodes = below if isinstance(node.value, list | dict) else ()
    return next((twice for one in nodes if (twice := _duplicate(one))), None)
