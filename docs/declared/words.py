"""Words with a meaning: exit codes, outcomes, events, keys of JSON.

Their meaning is the text below a member of an enumeration, or below a key: `inspect` does not have
it, so the source is read.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

from docs.declared.tables import code, table
from scheduled.jobs.model import Outcome
from scheduled.notify.subscription import EVENTS
from scheduled.state.history import Row
from scheduled.ticks.report import ENDED_BY_SIGNAL, Exit
from scheduled.views.answers import Status, Why
from scheduled.views.executors import ExecutorRow


def _members(of: type) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the annotation and the meaning of each member of a class."""
    (body,) = ast.parse(inspect.getsource(of)).body
    assert isinstance(body, ast.ClassDef)
    for statement, after in zip(body.body, [*body.body[1:], None], strict=True):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name, "", _text(after)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                yield name, ast.unparse(annotation), _text(after)


def _text(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split())
    return ""


def _values(of: type[Enum]) -> Iterator[tuple[str, str]]:
    for name, _, meaning in _members(of):
        yield str(of[name].value), meaning


def _exit_codes(_: str) -> list[str]:
    return table(("code", "meaning"), [*_values(Exit), ("128+n", ENDED_BY_SIGNAL)])


def _outcomes(_: str) -> list[str]:
    return table(
        ("outcome", "meaning"), ((code(word), meaning) for word, meaning in _values(Outcome))
    )


def _events(_: str) -> list[str]:
    return table(("event", "when"), ((code(name), meaning) for name, meaning in EVENTS.items()))


_TYPES = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "None": "null",
    "Any": "anything",
}


def _type(annotation: str) -> str:
    """Return a type in the words of JSON."""
    if " | " in annotation:
        return " or ".join(map(_type, annotation.split(" | ")))
    if annotation.startswith("list"):
        return f"list of {_type(annotation[5:-1])}"
    return "object" if annotation.startswith("dict") else _TYPES[annotation]


_DOCUMENTS: Mapping[str, Any] = {
    "a row": Row,
    "an executor": ExecutorRow,
    "status": Status,
    "why": Why,
}


def _keys(of: str) -> list[str]:
    rows = [(code(key), _type(type_), meaning) for key, type_, meaning in _members(_DOCUMENTS[of])]
    return table(("key", "type", "value"), rows)


PARTS: Mapping[str, Callable[[str], list[str]]] = {
    "exit codes": _exit_codes,
    "outcomes": _outcomes,
    "events": _events,
    "JSON": _keys,
}
