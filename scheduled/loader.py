"""From a handler's name to its function. Nothing else in the program imports a handler."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from scheduled.errors import UsageError
from scheduled.handler import Context, Param

Function = Callable[[Context], Mapping[str, Any] | None]

SHIPPED = "scheduled.handlers"
FUNCTION = "run"
PARAMS = "PARAMS"


def spot(name: str) -> tuple[str, str]:
    """The module and the function that a handler's name means.

    `health` is shipped; `package.module` and `module:function` are anybody's, and the latter
    names a function other than `run`.
    """
    module, colon, function = name.partition(":")
    if "." not in module and not colon:
        module = f"{SHIPPED}.{module}"
    return module, function or FUNCTION


def is_shipped(name: str) -> bool:
    """Whether a handler is one of ours, so that looking into its module runs nobody's code."""
    return spot(name)[0].startswith(f"{SHIPPED}.")


def exists(name: str) -> bool:
    """Whether the module of a handler can be found.

    Nothing is imported, its parents neither: looking must not run what it looks for.
    """
    module, function = spot(name)
    parts = module.split(".")
    if not all(part.isidentifier() for part in (*parts, function)):
        return False
    path: Sequence[str] | None = None
    for end in range(1, len(parts) + 1):
        try:
            spec = _spec(".".join(parts[:end]), path)
        except KeyError:  # a namespace in a namespace: only importing it can tell
            return True
        if spec is None:
            return False
        path = spec.submodule_search_locations or []
    return True


def load(name: str) -> Function:
    """The function behind a handler's name. Raises UsageError that says what is missing."""
    module, function = spot(name)
    found = getattr(_imported(name, module), function, None)
    if not callable(found):
        raise UsageError(f"handler {name!r}: {module} has no function called {function}")
    return found  # type: ignore[no-any-return]  # what a stranger's module holds


def params(name: str) -> Mapping[str, Param] | None:
    """The params that a handler's module declares; None if it says nothing about them.

    Imports the module. Raises UsageError for one that is missing, and for a table that is none.
    """
    module, _ = spot(name)
    found = getattr(_imported(name, module), PARAMS, None)
    if found is None:
        return None
    if isinstance(found, Mapping) and all(isinstance(one, Param) for one in found.values()):
        return found
    raise UsageError(f"handler {name!r}: {PARAMS} in {module} is no table of names and Param")


def _imported(name: str, module: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(f"handler {name!r}: no module called {error.name}") from error


def _spec(module: str, path: Sequence[str] | None) -> ModuleSpec | None:
    found_by_each = (finder.find_spec(module, path) for finder in sys.meta_path)
    return next((spec for spec in found_by_each if spec is not None), None)
