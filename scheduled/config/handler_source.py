"""The handlers that a Python file offers, found out without running it.

Every command reads the configuration, some as root. So a file in a handler directory is parsed,
and so is that of an installed package. The arguments of its decorators have to be literals; it is
run only in the child process.
"""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from scheduled.config import python_values
from scheduled.config.conversion import InvalidValue, describe
from scheduled.config.yaml_document import MAX_BYTES, Node
from scheduled.errors import UnreadableFileError
from scheduled.handler.loader import FUNCTION
from scheduled.quick_classes import dataclass, field
from scheduled.system.trusted import Trust

CONTRACT = "scheduled.handler"
DECORATOR = "handler"
_NOT_IN_DECORATOR = ("command", "handler")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Declaration:
    """A function that is a handler."""

    name: str
    function: str
    line: int
    about: str = ""
    keys: dict[str, Node] = field(default_factory=dict)
    """The keys of its own job that the decorator sets."""
    is_complete: bool = True
    """Whether all arguments of the decorator could be read."""


class HandlerFile:
    """The handlers of a file, and its problems."""

    def __init__(self, path: Path, label: str, trust: Trust) -> None:
        self.label = label
        self.problems: list[str] = []
        self._stem = path.stem
        self._tree = self._parse(path, trust)

    @property
    def has_tests(self) -> bool:
        """Whether pytest would find tests in it."""
        body = self._tree.body if self._tree is not None else []
        return any(
            isinstance(node, Function | ast.ClassDef) and node.name.lower().startswith("test")
            for node in body
        )

    def declarations(self) -> tuple[Declaration, ...]:
        """Return what the file offers: its function `run`, and each one that is decorated."""
        return tuple(self._handlers(self._tree, self._stem)) if self._tree is not None else ()

    def named(self, function: str, name: str) -> Declaration | None:
        """Return what a function declares that is to be the handler `name`; None if it cannot be.

        Then `problems` says why.
        """
        if self._tree is None:
            return None
        nodes = [node for node in self._tree.body if isinstance(node, Function | ast.ClassDef)]
        node = next((node for node in reversed(nodes) if node.name == function), None)
        if not isinstance(node, ast.FunctionDef):
            found = "no function at its top" if node is None else "a plain function is needed"
            self._report(node.lineno if node is not None else 1, f"{function}: {found}")
            return None
        decorator = _decorator(node, set(_decorator_names(self._tree)))
        return self._declaration(node, decorator, name, is_fixed=True)

    def _report(self, line: int | None, sentence: str) -> None:
        self.problems.append(f"{self.label}:{line or 1}: {sentence}")

    def _parse(self, path: Path, trust: Trust) -> ast.Module | None:
        try:
            data = trust.read(path)
        except UnreadableFileError as error:
            self.problems.append(f"{self.label}: {error.reason}")
            return None
        if len(data) > MAX_BYTES:
            self._report(1, f"more than the {MAX_BYTES // 1024**2} MB a handler may have")
            return None
        try:
            return parsed(data)
        except SyntaxError as error:
            self._report(error.lineno, f"not Python: {error.msg}")
        except (ValueError, RecursionError, MemoryError) as error:
            self._report(1, f"not Python: {error or 'nested too deeply'}")
        return None

    def _handlers(self, tree: ast.Module, stem: str) -> Iterator[Declaration]:
        decorators = set(_decorator_names(tree))
        functions = [node for node in tree.body if isinstance(node, Function)]
        for function in functions:
            decorator = _decorator(function, decorators)
            if decorator is None and function.name != FUNCTION:
                continue
            if isinstance(function, ast.AsyncFunctionDef):
                sentence = f"{function.name}: async; a handler is a plain function"
                self._report(function.lineno, sentence)
                continue
            name = stem if function.name == FUNCTION else function.name
            yield self._declaration(function, decorator, name)
        for node in ast.walk(tree):
            if (
                isinstance(node, Function | ast.ClassDef)
                and node not in functions
                and _decorator(node, decorators) is not None
            ):
                sentence = "only a function at the top of a file can be a handler"
                self._report(node.lineno, f"{node.name}: {sentence}")

    def _declaration(
        self,
        function: ast.FunctionDef,
        decorator: ast.expr | None,
        name: str,
        *,
        is_fixed: bool = False,
    ) -> Declaration:
        """Return what a function declares, as the handler `name` if the decorator has no `id`.

        With `is_fixed`, the decorator may not have another one.
        """
        known_problems = len(self.problems)
        keys = self._keys(function.name, decorator) if decorator is not None else {}
        id_ = keys.pop("id", None)
        if id_ is not None and is_fixed and id_.value != name:
            sentence = f"id: {describe(id_)}, but {name} in the entry point; make them the same"
            self._report(id_.line, f"{function.name}: {sentence}")
        elif id_ is not None and isinstance(id_.value, str) and id_.value:
            name = id_.value
        elif id_ is not None:
            sentence = f"{function.name}: id: expected text, found {describe(id_)}"
            self._report(id_.line, sentence)
        about = keys["description"].text if "description" in keys else _first_line(function)
        if about and "schedule" in keys:
            keys.setdefault("description", Node(about, function.lineno, about))
        if "schedule" not in keys:
            keys.pop("description", None)
        is_complete = len(self.problems) == known_problems
        return Declaration(name, function.name, function.lineno, about, keys, is_complete)

    def _keys(self, name: str, decorator: ast.expr) -> dict[str, Node]:
        """Return the arguments of a decorator; report those that are not literals."""
        if not isinstance(decorator, ast.Call):
            self._report(decorator.lineno, f"{name}: write @{DECORATOR}(), with parentheses")
            return {}
        if decorator.args or any(keyword.arg is None for keyword in decorator.keywords):
            self._report(decorator.lineno, f'{name}: name each value, as in schedule="hourly"')
        keys = {}
        for keyword in decorator.keywords:
            if keyword.arg is None:
                continue
            try:
                keys[keyword.arg] = _value(keyword)
            except InvalidValue as error:
                self._report(keyword.value.lineno, f"{name}: {keyword.arg}: {error}")
        return keys


def parsed(data: bytes) -> ast.Module:
    """Return what a file says; warnings are for its author, not for cron's mail.

    Raises what `ast.parse` does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def _value(keyword: ast.keyword) -> Node:
    if keyword.arg in _NOT_IN_DECORATOR:
        raise InvalidValue("not in a decorator; the function below it is what runs")
    try:
        value = ast.literal_eval(keyword.value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise InvalidValue("write the value itself; the file is not run to compute it") from None
    return python_values.node(value, keyword.value.lineno)


def _decorator_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names of `scheduled.handler.handler` in a file, however it was imported."""
    package, module = CONTRACT.split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                if (node.module, alias.name) == (CONTRACT, DECORATOR):
                    yield alias.asname or DECORATOR
                elif (node.module, alias.name) == (package, module):
                    yield f"{alias.asname or module}.{DECORATOR}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == CONTRACT:
                    yield f"{alias.asname or CONTRACT}.{DECORATOR}"


def _decorator(node: Function | ast.ClassDef, names: set[str]) -> ast.expr | None:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Name | ast.Attribute) and ast.unparse(called) in names:
            return decorator
    return None


def _first_line(function: ast.FunctionDef) -> str:
    """Return the first line of a docstring, or '' if it cannot be printed."""
    text = (ast.get_docstring(function) or "").partition("\n")[0].strip()
    return text if text.isprintable() else ""
