"""From a handler's name to its function. Nothing else in the program imports a handler."""

from collections.abc import Callable, Mapping
from importlib import import_module, util
from typing import Any

from scheduled.errors import UsageError
from scheduled.handler import Context

Function = Callable[[Context], Mapping[str, Any] | None]

SHIPPED = "scheduled.handlers"
FUNCTION = "run"


def spot(name: str) -> tuple[str, str]:
    """The module and the function that a handler's name means.

    `health` is shipped; `package.module` and `module:function` are anybody's, and the latter
    names a function other than `run`.
    """
    module, colon, function = name.partition(":")
    if "." not in module and not colon:
        module = f"{SHIPPED}.{module}"
    return module, function or FUNCTION


def exists(name: str) -> bool:
    """Whether the module of a handler can be found; it is not imported, its parents are."""
    module, _ = spot(name)
    try:
        return util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def load(name: str) -> Function:
    """The function behind a handler's name. Raises UsageError that says what is missing."""
    module, function = spot(name)
    try:
        found = getattr(import_module(module), function, None)
    except ModuleNotFoundError as error:
        raise UsageError(f"handler {name!r}: no module called {error.name}") from error
    if not callable(found):
        raise UsageError(f"handler {name!r}: {module} has no function called {function}")
    return found  # type: ignore[no-any-return]  # what a stranger's module holds
