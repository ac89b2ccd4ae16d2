"""Params: the values that a job gives its handler, as the handler declares them (pure).

A handler has a table of names and `Param`s. The configuration is checked against it, the handler
reads its values through it, and the manual is compared with it.
"""

import json
import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from scheduled.errors import UsageError, cut, did_you_mean
from scheduled.quick_classes import dataclass

LONGEST_EXCERPT = 60
NEVER = "never"
"""A duration that does not end."""


class Kind(StrEnum):
    """What a value must be, as messages and the manual say it."""

    FLAG = "true or false"
    WHOLE = "a whole number"
    NUMBER = "a number"
    COUNT = "a whole number above 0"
    AMOUNT = "a number above 0, below a million"  # a date cannot be moved by more days
    PERCENT = "a number above 0, at most 100"
    DURATION = "a duration above 0, such as 90s or 24h, or never"
    TEXT = "text"
    TEXTS = "a list of texts"
    COUNTS = "names, each with a whole number above 0"


@dataclass(frozen=True)
class Param:
    """A parameter of a handler."""

    about: str
    """What it sets, in a line."""
    kind: Kind
    default: Any
    """The value if a job sets none; it need not be of the kind."""


ParamTable = Mapping[str, Param]


def problems(table: ParamTable, given: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the given values, a sentence by name."""
    sentences = {}
    for name, value in given.items():
        if name not in table:
            sentences[name] = f"unknown param{did_you_mean(name, table) if table else ''}"
        elif sentence := _problem(table[name].kind, value):
            sentences[name] = sentence
    return sentences


def check(table: ParamTable, given: Mapping[str, Any]) -> None:
    """Raise UsageError that names every value that does not fit."""
    sentences = problems(table, given)
    if sentences:
        raise UsageError("; ".join(f"params.{name}: {text}" for name, text in sentences.items()))


def values(table: ParamTable, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each declared param, given or default; others are left out.

    Raise ValueError that names the first value that does not fit.
    """
    declared = {name: value for name, value in given.items() if name in table}
    for name, sentence in problems(table, declared).items():
        raise ValueError(f"params.{name}: {sentence}")
    return {name: param.default for name, param in table.items()} | declared


def seconds(value: Any) -> float:
    """Return the seconds of a duration as a job gives it, a text or a number; infinity for `never`.

    Raise ValueError for what is none.
    """
    from scheduled.timing import durations  # here, as few handlers have one

    if value == NEVER:
        return math.inf
    if not _is_number(value) and not _is_text(value):
        raise ValueError("not a duration")
    return durations.parse(str(value))


def _problem(kind: Kind, value: Any) -> str:
    if kind is Kind.COUNTS and isinstance(value, Mapping):
        items = ((name, _problem(Kind.COUNT, item)) for name, item in value.items())
        return next((f"{_excerpt(name)}: {sentence}" for name, sentence in items if sentence), "")
    return "" if _CHECKS[kind](value) else f"{_excerpt(value)}: expected {kind}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_duration(value: Any) -> bool:
    try:
        return seconds(value) > 0
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float)


_CHECKS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.WHOLE: _is_whole,
    Kind.NUMBER: _is_number,
    Kind.COUNT: lambda value: _is_whole(value) and value > 0,
    Kind.AMOUNT: lambda value: _is_number(value) and 0 < value < 1e6,
    Kind.PERCENT: lambda value: _is_number(value) and 0 < value <= 100,
    Kind.DURATION: _is_duration,
    Kind.TEXT: _is_text,
    Kind.TEXTS: lambda value: (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    ),
    Kind.COUNTS: lambda value: isinstance(value, Mapping),
}


def _excerpt(value: Any) -> str:
    """Return a value for a message: one line of plain characters, cut."""
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "names with values"
        case list():
            return "a list"
    return cut(json.dumps(value, default=str), LONGEST_EXCERPT)
