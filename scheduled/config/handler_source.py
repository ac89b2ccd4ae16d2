"""What a Python file offers as handlers, found out without running it.

A configuration is read by every command, and as root by some. So a file in a handler folder is
parsed, and what stands in its decorators has to be literal; it runs in the child process alone.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scheduled.config import python_values
from scheduled.config.converters import InvalidValue, describe
from scheduled.config.yaml_document import MAX_BYTES, Node
from scheduled.errors import UnreadableFileError
from scheduled.handler.loader import FUNCTION
from scheduled.system.files import read_bytes

CONTRACT = "scheduled.handler"
DECORATOR = "handler"
_NOT_HERE = ("command", "handler")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Declaration:
    """A function that is a handler."""

    name: str
    function: str
    line: int
    about: str = ""
    keys: dict[str, Node] = field(default_factory=dict)
    """What the decorator says about a job of its own."""
    is_clear: bool = True
    """Whether all that the decorator says could be read."""


class HandlerFile:
    """The handlers of a file, and what is wrong with it."""

    def __init__(self, path: Path, label: str) -> None:
        self.label = label
        self.problems: list[str] = []
        self.declarations: tuple[Declaration, ...] = ()
        tree = self._parsed(path)
        if tree is not None:
            self.declarations = tuple(self._handlers(tree, path.stem))

    def _note(self, line: int | None, sentence: str) -> None:
        self.problems.append(f"{self.label}:{line or 1}: {sentence}")

    def _parsed(self, path: Path) -> ast.Module | None:
        try:
            data = read_bytes(path)
        except UnreadableFileError as error:
            self.problems.append(f"{self.label}: {error.reason}")
            return None
        if len(data) > MAX_BYTES:
            self._note(1, f"more than the {MAX_BYTES // 1024**2} MB a handler may have")
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they are for its author, not for cron's mail
                return ast.parse(data)
        except SyntaxError as error:
            self._note(error.lineno, f"not Python: {error.msg}")
        except (ValueError, RecursionError, MemoryError) as error:
            self._note(1, f"not Python: {error or 'nested too deeply'}")
        return None

    def _handlers(self, tree: ast.Module, stem: str) -> Iterator[Declaration]:
        meant = set(_decorator_names(tree))
        functions = [one for one in tree.body if isinstance(one, Function)]
        for function in functions:
            decorator = _decorator(function, meant)
            if decorator is None and function.name != FUNCTION:
                continue
            if isinstance(function, ast.AsyncFunctionDef):
                self._note(
                    function.lineno, f"{function.name}: async; a handler is a plain function"
                )
                continue
            yield self._declaration(function, decorator, stem)
        for hidden in ast.walk(tree):
            if (
                isinstance(hidden, Function | ast.ClassDef)
                and hidden not in functions
                and _decorator(hidden, meant) is not None
            ):
                sentence = "only a function at the top of a file can be a handler"
                self._note(hidden.lineno, f"{hidden.name}: {sentence}")

    def _declaration(
        self, function: ast.FunctionDef, decorator: ast.expr | None, stem: str
    ) -> Declaration:
        before = len(self.problems)
        keys = self._keys(function.name, decorator) if decorator is not None else {}
        name = stem if function.name == FUNCTION else function.name
        named = keys.pop("id", None)
        if named is not None and isinstance(named.value, str) and named.value:
            name = named.value
        elif named is not None:
            self._note(named.line, f"{function.name}: id: expected text, found {describe(named)}")
        about = keys["description"].text if "description" in keys else _first_line(function)
        if about and "schedule" in keys:
            keys.setdefault("description", Node(about, function.lineno, about))
        if "schedule" not in keys:
            keys.pop("description", None)
        is_clear = len(self.problems) == before
        return Declaration(name, function.name, function.lineno, about, keys, is_clear)

    def _keys(self, name: str, decorator: ast.expr) -> dict[str, Node]:
        """What a decorator says, each with its line; what is no plain value is a problem."""
        if not isinstance(decorator, ast.Call):
            self._note(decorator.lineno, f"{name}: write @{DECORATOR}(), with parentheses")
            return {}
        if decorator.args or any(one.arg is None for one in decorator.keywords):
            self._note(decorator.lineno, f'{name}: name each value, as in schedule="hourly"')
        keys = {}
        for one in decorator.keywords:
            if one.arg is None:
                continue
            try:
                keys[one.arg] = _value(one)
            except InvalidValue as unfit:
                self._note(one.value.lineno, f"{name}: {one.arg}: {unfit}")
        return keys


def _value(keyword: ast.keyword) -> Node:
    if keyword.arg in _NOT_HERE:
        raise InvalidValue("not in a decorator; what runs is the function below it")
    try:
        value = ast.literal_eval(keyword.value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise InvalidValue("write the value itself; the file is not run to compute it") from None
    return python_values.node(value, keyword.value.lineno)


def _decorator_names(tree: ast.Module) -> Iterator[str]:
    """What `scheduled.handler.handler` is called in a file, however it was imported."""
    package, module = CONTRACT.split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            for one in node.names:
                if (node.module, one.name) == (CONTRACT, DECORATOR):
                    yield one.asname or DECORATOR
                elif (node.module, one.name) == (package, module):
                    yield f"{one.asname or module}.{DECORATOR}"
        elif isinstance(node, ast.Import):
            for one in node.names:
                if one.name == CONTRACT:
                    yield f"{one.asname or CONTRACT}.{DECORATOR}"


def _decorator(function: Function | ast.ClassDef, meant: set[str]) -> ast.expr | None:
    for one in function.decorator_list:
        called = one.func if isinstance(one, ast.Call) else one
        if isinstance(called, ast.Name | ast.Attribute) and ast.unparse(called) in meant:
            return one
    return None


def _first_line(function: ast.FunctionDef) -> str:
    """The first line of a docstring that can be shown in one; else nothing."""
    text = (ast.get_docstring(function) or "").partition("\n")[0].strip()
    return text if text.isprintable() else ""
