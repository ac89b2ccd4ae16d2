"""Params: the values a job gives its handler, as the handler declares them (pure).

A declaration is a table from names to `Param`. The configuration is checked against it, a
handler reads its values through it, and the manual is compared with it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scheduled.errors import UsageError, cut, did_you_mean

LONGEST_EXCERPT = 60


class Kind(StrEnum):
    """What a value must be, in the words of a message about one that is not."""

    FLAG = "true or false"
    WHOLE = "a whole number"
    NUMBER = "a number"
    COUNT = "a whole number above 0"
    AMOUNT = "a number above 0, below a million"  # of days, the most that a date can bear
    TEXT = "text"
    TEXTS = "a list of texts"
    COUNTS = "names, each with a whole number above 0"


@dataclass(frozen=True)
class Param:
    """One value that a handler may be given."""

    about: str
    """What it decides, in a line."""
    kind: Kind
    default: Any
    """What counts where a job does not say; it need not be of the kind."""


ParamTable = Mapping[str, Param]


def problems(declared: ParamTable, given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the given values, a sentence by name: nobody knows it, or wrong kind."""
    wrong = {}
    for name, value in given.items():
        if name not in declared:
            wrong[name] = f"unknown param{did_you_mean(name, [*declared]) if declared else ''}"
        elif sentence := _problem(declared[name].kind, value):
            wrong[name] = sentence
    return wrong


def check(declared: ParamTable, given: Mapping[str, Any]) -> None:
    """Raises UsageError that names every value in `given` that does not fit."""
    wrong = problems(declared, given)
    if wrong:
        raise UsageError("; ".join(f"params.{name}: {text}" for name, text in wrong.items()))


def values(declared: ParamTable, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each declared param, the default where none is given; others are left out.

    Raises ValueError that names the first value that does not fit.
    """
    known = {name: value for name, value in given.items() if name in declared}
    for name, text in problems(declared, known).items():
        raise ValueError(f"params.{name}: {text}")
    return {name: one.default for name, one in declared.items()} | known


def _problem(kind: Kind, value: Any) -> str:
    if kind is Kind.COUNTS and isinstance(value, Mapping):
        each = ((name, _problem(Kind.COUNT, one)) for name, one in value.items())
        return next((f"{_shown(name)}: {text}" for name, text in each if text), "")
    return "" if _CHECKS[kind](value) else f"{_shown(value)}: {kind}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float)


_CHECKS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.WHOLE: _is_whole,
    Kind.NUMBER: _is_number,
    Kind.COUNT: lambda value: _is_whole(value) and value > 0,
    Kind.AMOUNT: lambda value: _is_number(value) and 0 < value < 1e6,
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.TEXTS: lambda value: isinstance(value, list) and all(isinstance(x, str) for x in value),
    Kind.COUNTS: lambda value: isinstance(value, Mapping),
}


def _shown(value: Any) -> str:
    """A value fit for a message: one line of plain characters, not long."""
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "names with values"
        case list():
            return "a list"
    return cut(json.dumps(value, default=str), LONGEST_EXCERPT)
