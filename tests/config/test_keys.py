"""A key is declared once; what has to spell it again for a type checker agrees with that."""

from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from scheduled.config import load, yaml_document
from scheduled.config.job_keys import JOB_KEYS
from scheduled.config.key import Key, manual_rows
from scheduled.config.keys import KEYS
from scheduled.handler.policies import Policies
from scheduled.jobs.model import Job

FIELDS = {field.name: field for field in fields(Job)}
OWN = {name: key for name, key in JOB_KEYS.items() if not key.field}
NOT_SET = {"as configured", "any", "empty", "inherited", "its id", "none", "required", "the root"}
"""Defaults that stand for the lack of a value."""


@pytest.mark.parametrize("name", OWN)
def test_the_default_of_a_key_is_that_of_its_field(name: str) -> None:
    key = OWN[name]

    if key.default in {"", *NOT_SET}:
        assert default_of(FIELDS[name]) in (MISSING, None, "", (), {})
    else:
        key = KEYS.get(key.default, key)
        assert default_of(FIELDS[name]) == value_of(key, key.default)


def default_of(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def value_of(key: Key, text: str) -> Any:
    return key.convert(yaml_document.parse(text.encode(), "default"))


@pytest.mark.parametrize(("name", "key"), [*KEYS.items(), *JOB_KEYS.items()])
def test_an_example_is_a_value_the_key_accepts(name: str, key: Key) -> None:
    assert not key.example or value_of(key, key.example), name


@pytest.mark.parametrize("name", Policies.__annotations__)
def test_an_editor_is_told_the_words_that_a_key_accepts(name: str) -> None:
    options = options_of(get_type_hints(Policies)[name])
    shape = JOB_KEYS[name].convert.schema

    words = [
        word for option in options if get_origin(option) is Literal for word in get_args(option)
    ]
    assert words == shape.get("enum", [])


@pytest.mark.parametrize("name", Policies.__annotations__)
def test_an_editor_is_told_where_none_switches_a_policy_off(name: str) -> None:
    options = options_of(get_type_hints(Policies)[name])

    assert (NoneType in options) == (name in {*accepting_null()} - {"params"})


def options_of(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def accepting_null() -> list[str]:
    return [name for name, key in JOB_KEYS.items() if "null" in str(key.convert.schema)]


def test_an_alias_accepts_what_its_key_accepts() -> None:
    aliases = [(key, JOB_KEYS[key.field]) for key in JOB_KEYS.values() if key.field]

    assert aliases
    assert all(alias.convert is key.convert for alias, key in aliases)


def test_a_row_of_the_manual_has_all_names_of_a_key() -> None:
    assert manual_rows({"retry_delay": JOB_KEYS["retry_delay"]}) == [
        "| `retry_delay` | the delay before the first retry, doubled for each further one | 60 |"
    ]
    assert manual_rows({"timeout": JOB_KEYS["timeout"]})[0].startswith(
        "| `timeout`, `timeout_seconds` | how long"
    )
    assert manual_rows({"command": JOB_KEYS["command"]})[0].endswith("run as it is) | |")


@pytest.mark.parametrize("name", ["log_level", "log_name", "log_rotation"])
def test_the_manual_has_the_defaults_of_logs(name: str) -> None:
    assert load.DEFAULTS[name] == value_of(KEYS[name], KEYS[name].default)
