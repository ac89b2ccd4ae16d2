"""A job as YAML, as a person would write it.

The id comes first, the other keys in the order of the manual. A value is quoted if YAML would read
it as something else, and a schedule with a `*` always, lest a later edit make it an alias. What is
written reads back as the same values.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import yaml

from scheduled.config.job_keys import JOB_KEYS

_FIRST = ("id", "name", "description", "schedule")
_ORDER = {key: place for place, key in enumerate(dict.fromkeys((*_FIRST, *JOB_KEYS)))}
_PLAIN_TEXT = "tag:yaml.org,2002:str"


class _Quoted(str):
    __slots__ = ()


def text_of(fields: Mapping[str, Any]) -> str:
    """Return the job file for `fields`, keys of a job with their values as YAML has them.

    Durations and the like are written as given; an enumeration becomes its word, a tuple a list,
    a whole float an integer. Unknown keys come last, in the order given.
    """
    ordered = sorted(fields, key=lambda key: _ORDER.get(key, len(_ORDER)))
    plain = {key: _plain(fields[key]) for key in ordered}
    if "*" in str(plain.get("schedule", "")):
        plain["schedule"] = _Quoted(plain["schedule"])
    text: str = yaml.dump(
        plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf
    )
    return text


def _plain(value: Any) -> Any:
    """Return the value in the types that YAML has."""
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return value


class _Dumper(yaml.SafeDumper):
    """PyYAML's, with double quotes, `|` for several lines, and lists of words on one line."""

    def choose_scalar_style(self) -> Any:
        """Choose as PyYAML does, but prefer double quotes where both would do."""
        style = super().choose_scalar_style()
        text = getattr(self.event, "value", "")
        # Only double quotes preserve every kind of line break.
        escapes_nothing = not {'"', "\\"} & set(text)
        return '"' if style == "'" and (escapes_nothing or not text.isprintable()) else style

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent the items of a list further than its key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Return True: anchors are refused when read, so a repeated value is written again."""
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    lines = value.rstrip("\n").split("\n")
    is_script = len(lines) > 1 and all(line.replace("\t", " ").isprintable() for line in lines)
    style = "|" if is_script else '"' if isinstance(value, _Quoted) else None
    return dumper.represent_scalar(_PLAIN_TEXT, str(value), style=style)


def _list(dumper: _Dumper, values: list[Any]) -> yaml.SequenceNode:
    is_flat = not any(isinstance(item, list | dict) or "\n" in str(item) for item in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=is_flat)


def _mapping(dumper: _Dumper, values: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values.items(), flow_style=not values)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Quoted, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
