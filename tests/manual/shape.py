"""Prints the shape of JSON: its keys, in their order, and what each of them has."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

_WORDS = {str: "text", bool: "true or false", int: "number", float: "number", type(None): "null"}


def shape(values: Iterable[Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of the shape that all of these values have."""
    values = list(values)
    objects = [value for value in values if isinstance(value, dict)]
    for key in dict.fromkeys(key for value in objects for key in value):
        within = [value[key] for value in objects if key in value]
        yield f"{indent}{key}: {_kind(within)}"
        items = [item for value in within if isinstance(value, list) for item in value]
        yield from shape([*within, *items], f"{indent}    ")


def _kind(values: list[Any]) -> str:
    kinds = dict.fromkeys(map(_word, values))
    lists = [item for value in values if isinstance(value, list) for item in value]
    if lists:
        kinds = {kind: None for kind in kinds if kind != "list"}
        kinds[f"list of {_kind(lists)}"] = None
    return " or ".join(sorted(kinds, key=lambda kind: kind == "null"))


def _word(value: Any) -> str:
    return "list" if isinstance(value, list) else _WORDS.get(type(value), "object")


if __name__ == "__main__":
    print(*shape([json.loads(sys.stdin.read())]), sep="\n")
