"""The channels and subscribers of a configuration: their keys are read and checked.

What is wrong with one of them stops that one alone, never a job.
"""

from collections.abc import Mapping
from typing import Any

from scheduled.config.conversion import InvalidValue, describe
from scheduled.config.job_entry import read_keys
from scheduled.config.job_keys import ID
from scheduled.config.notify_keys import CHANNELS, KIND_KEYS, REQUIRED, SUBSCRIBERS, Table
from scheduled.config.problems import ProblemList
from scheduled.config.yaml_document import Node
from scheduled.errors import did_you_mean
from scheduled.notify.kinds import Kind
from scheduled.quick_classes import replace
from scheduled.system.text import excerpt

TABLES: Mapping[str, Table] = {table.key: table for table in (CHANNELS, SUBSCRIBERS)}
_EXCLUSIVE = (
    ("url", "url_file", "url_env"),
    ("password_file", "password_env"),
    ("token_file", "token_env"),
)
_LOCAL = ("localhost", "127.0.0.1", "::1")


def without(document: Node) -> Node:
    """Return a configuration without its channels and subscribers."""
    values = {name: node for name, node in document.value.items() if name not in TABLES}
    others = [(name, line) for name, line in document.duplicates if name not in TABLES]
    return replace(document, value=values, duplicates=others)


def read(document: Node, table: Table, problems: ProblemList) -> dict[str, dict[str, Any]]:
    """Return the channels of a configuration by name, as JSON values; wrong ones are reported.

    Or its subscribers, by the keys in `table`.
    """
    node, key = document.value.get(table.key), table.key
    for name, line in document.duplicates:
        if name == key:
            problems.add(line, key, f"duplicate key, first in line {document.value[key].line}")
    if node is None or node.value is None:
        return {}
    if not node.is_mapping:
        found = describe(node)
        problems.add(node.line, key, f"expected names of {table.what}s, found {found}")
        return {}
    duplicates = dict(node.duplicates)
    for name, line in duplicates.items():
        sentence = f"duplicate key; neither of the two {table.what}s is used"
        problems.add(line, f"{key}.{excerpt(name)}", sentence)
    return {
        name: settings
        for name, entry in node.value.items()
        if name not in duplicates
        and (settings := _channel(name, entry, table, problems)) is not None
    }


def _channel(name: str, node: Node, table: Table, problems: ProblemList) -> dict[str, Any] | None:
    """Return the settings of a channel, or None if something is wrong with it."""
    before, path = len(problems), f"{table.key}.{excerpt(name)}"
    if not ID.fullmatch(name):
        sentence = 'a name may contain letters, digits, ".", "_" and "-", at most 100 of them'
        problems.add(node.line, path, sentence)
    kind = _kind(node, path, table, problems)
    if kind is None:
        return None
    values = read_keys(node, table.of_kind(kind), path, problems)
    if len(problems) == before:
        for sentence in _contradictions(kind, values):
            problems.add(node.line, path, sentence)
    return None if len(problems) > before else {key: _json(value) for key, value in values.items()}


def _kind(node: Node, path: str, table: Table, problems: ProblemList) -> Kind | None:
    if not node.is_mapping:
        problems.add(node.line, path, f"expected keys like kind, found {describe(node)}")
        return None
    if "kind" not in node.value:
        example = "kind: webhook"
        keys = {key for keys in KIND_KEYS.values() for key in keys} | {*table.common}
        unknown = [key for key in node.value if key not in keys]
        advice = did_you_mean(unknown[0], ["kind"], "") if unknown else ""
        problems.add(node.line, path, f"no kind; write one like {example}{advice}")
        return None
    try:
        return Kind(table.common["kind"].convert(node.value["kind"]))
    except InvalidValue as error:
        problems.add(node.value["kind"].line, f"{path}.kind", str(error))
        return None


def _contradictions(kind: Kind, values: Mapping[str, Any]) -> list[str]:
    """Return what keys of a channel lack, or say against each other."""
    found = [
        f"no {' or '.join(names)}; set {'one of them' if len(names) > 1 else 'it'}"
        for names in REQUIRED[kind]
        if not any(name in values for name in names)
    ]
    for names in _EXCLUSIVE:
        given = [name for name in names if name in values]
        if len(given) > 1:
            found.append(f"{' and '.join(given)} exclude each other; keep one")
    has_password = "password_file" in values or "password_env" in values
    if kind is Kind.SMTP and ("user" in values) != has_password:
        found.append("a login needs user, and password_file or password_env")
    if "user" in values and values.get("tls") == "none" and values.get("host") not in _LOCAL:
        found.append("tls: none would send the password in clear text; use starttls or implicit")
    return found


def _json(value: Any) -> Any:
    """Return a value as JSON keeps it."""
    return [*value] if isinstance(value, tuple) else value
