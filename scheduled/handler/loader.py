"""From a handler's name to its function. Nothing else in the program imports a handler."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Never

from scheduled.errors import UsageError
from scheduled.handler import Function, Param

BUILTIN = "scheduled.handlers"
FUNCTION = "run"
PARAMS = "PARAMS"


def parse_name(name: str) -> tuple[str, str]:
    """The module, or the file, and the function that a handler's name means.

    `health` is shipped; `package.module` and `module:function` are anybody's, and the latter
    names a function other than `run`. One that begins with `/` comes from `name_in_file`.
    """
    if name.startswith("/"):
        path, _, function = name.rpartition(":")
        return path, function
    module, colon, function = name.partition(":")
    if "." not in module and not colon:
        module = f"{BUILTIN}.{module}"
    return module, function or FUNCTION


def name_in_file(path: Path, function: str = FUNCTION) -> str:
    """The name of a handler in a file that belongs to no package; the path is absolute."""
    return f"{path}:{function}"


def is_builtin(name: str) -> bool:
    """Whether a handler is one of ours, so that looking into its module runs nobody's code."""
    return parse_name(name)[0].startswith(f"{BUILTIN}.")


def exists(name: str) -> bool:
    """Whether the module of a handler can be found.

    Nothing is imported, its parents neither: looking must not run what it looks for.
    """
    module, function = parse_name(name)
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
    module, function = parse_name(name)
    found = getattr(_import(name, module), function, None)
    if not callable(found):
        raise UsageError(f"handler {name!r}: {module} has no function called {function}")
    return found  # type: ignore[no-any-return]  # what a stranger's module holds


def params(name: str) -> Mapping[str, Param] | None:
    """The params that a handler's module declares; None if it says nothing about them.

    Imports the module. Raises UsageError for one that is missing, and for a table that is none.
    """
    module, _ = parse_name(name)
    found = getattr(_import(name, module), PARAMS, None)
    if found is None:
        return None
    if isinstance(found, Mapping) and all(isinstance(one, Param) for one in found.values()):
        return found
    raise UsageError(f"handler {name!r}: {PARAMS} in {module} is no table of names and Param")


def _import(name: str, module: str) -> ModuleType:
    try:
        return _import_file(Path(module)) if module.startswith("/") else import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(f"handler {name!r}: no module called {error.name}") from error


def _import_file(path: Path) -> ModuleType:
    """A file as a module of its own, under a name that no other module has."""
    loader = _Uncached(f"{BUILTIN}.dropped_in.{path.stem}", str(path))
    known = sys.modules.get(loader.name)
    if known is not None and known.__file__ == str(path):
        return known
    if not path.is_file():
        raise UsageError(f"handler {path}: no such file")
    from importlib.util import module_from_spec, spec_from_loader

    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module  # dataclasses and pickle look there for it
    loader.exec_module(module)
    return module


class _Uncached(SourceFileLoader):
    """Runs what stands in the file. A `__pycache__` beside it could be somebody else's work, and
    would make the folder look changed."""

    def path_stats(self, path: str | bytes) -> Never:
        """Without a time to go by, Python neither reads bytecode nor leaves any."""
        raise OSError(f"{path!r}: its bytecode is not cached")


def _spec(module: str, path: Sequence[str] | None) -> ModuleSpec | None:
    found_by_each = (finder.find_spec(module, path) for finder in sys.meta_path)
    return next((spec for spec in found_by_each if spec is not None), None)
