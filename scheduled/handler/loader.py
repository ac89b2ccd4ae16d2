"""From a handler's name to its function. No other module imports a handler."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Never

from scheduled.errors import UsageError
from scheduled.handler import Function, Param
from scheduled.system.trusted import Trust, UntrustedError

BUILTIN = "scheduled.handlers"
FUNCTION = "run"
PARAMS = "PARAMS"


def parse_name(name: str) -> tuple[str, str]:
    """Return the module, or the file, and the function that a handler's name means.

    `health` is built-in; `package.module` and `module:function` are others, the latter with a
    function other than `run`. A name that begins with `/` was made by `name_in_file`.
    """
    if name.startswith("/"):
        path, _, function = name.rpartition(":")
        return path, function
    module, colon, function = name.partition(":")
    if "." not in module and not colon:
        module = f"{BUILTIN}.{module}"
    return module, function or FUNCTION


def name_in_file(path: Path, function: str = FUNCTION) -> str:
    """Return the name of a handler in a file that is in no package. The path is absolute."""
    return f"{path}:{function}"


def is_builtin(name: str) -> bool:
    """Whether a handler is built-in, so that importing its module runs no foreign code."""
    return parse_name(name)[0].startswith(f"{BUILTIN}.")


def exists(name: str) -> bool:
    """Whether the module of a handler can be found.

    Neither it nor its parents are imported, because that would run foreign code.
    """
    module, function = parse_name(name)
    if not all(part.isidentifier() for part in (*module.split("."), function)):
        return False
    try:
        return all(spec is not None for spec in _specs(module))
    except KeyError:  # a namespace package in another: only importing it can tell
        return True


def source_of(module: str, folder: Path) -> Path | None:
    """Return the source file of a module that was installed in `folder`, or is found from there.

    None if it cannot be found or has no source. Nothing is imported.
    """
    base = folder.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
        if path.is_file():
            return path
    try:
        spec = [*_specs(module)][-1]
    except (KeyError, ImportError, ValueError):
        return None
    if spec is None or not spec.has_location or not str(spec.origin).endswith(".py"):
        return None
    return Path(str(spec.origin))


def foreign(name: str, trust: Trust) -> str:
    """Return why somebody we do not trust could have written a module, or ''; nothing is imported.

    Only the run itself finds out about a namespace package in another one.
    """
    module, _ = parse_name(name)
    try:
        return "" if module.startswith("/") else _foreign(module, trust)
    except KeyError:
        return ""


def load(name: str, trust: Trust | None = None) -> Function:
    """Return the function of a handler. Raise UsageError that says what is missing.

    Its file, unless it was installed with this program, has to belong to somebody we trust.
    """
    module, function = parse_name(name)
    handler = getattr(_import(name, module, trust), function, None)
    if not callable(handler):
        raise UsageError(f"handler {name!r}: {module} has no function called {function}")
    return handler  # type: ignore[no-any-return]  # an attribute of a foreign module


def file_of(name: str) -> str:
    """Return the file of a handler that was loaded; '' if it has none, or it is built-in."""
    module, _ = parse_name(name)
    if module.startswith("/"):
        return module
    file = getattr(sys.modules.get(module), "__file__", None)
    return os.path.abspath(file) if file and not is_builtin(name) else ""


def params(name: str, trust: Trust | None = None) -> Mapping[str, Param] | None:
    """Import a handler's module and return the params it declares, or None if it declares none.

    Raise UsageError for a missing module, or a table that is not one.
    """
    module, _ = parse_name(name)
    table = getattr(_import(name, module, trust), PARAMS, None)
    if table is None:
        return None
    if isinstance(table, Mapping) and all(isinstance(param, Param) for param in table.values()):
        return table
    raise UsageError(f"handler {name!r}: {PARAMS} in {module} is no table of names and Param")


def _import(name: str, module: str, trust: Trust | None) -> ModuleType:
    try:
        if module.startswith("/"):
            return _import_file(Path(module), trust or Trust())
        if problem := _foreign(module, trust or Trust(), importing=True):
            raise UsageError(f"handler {problem}")
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(f"handler {name!r}: no module called {error.name}") from error


def _foreign(module: str, trust: Trust, *, importing: bool = False) -> str:
    """Return why somebody we do not trust could have written a module or its packages, or ''.

    Who installed this program, with all that is beside it, is trusted.
    """
    for spec in _specs(module, importing=importing):
        if spec is None or not spec.has_location or spec.origin is None:
            continue
        path = Path(getattr(spec.loader, "archive", spec.origin))
        is_installed = path.is_relative_to(sys.prefix) or path.is_relative_to(sys.base_prefix)
        if not is_installed and (problems := trust.problems(path)):
            return problems[0]
    return ""


def _import_file(path: Path, trust: Trust) -> ModuleType:
    """Import a file as a module of its own, under a name that no other module has."""
    loader = _Uncached(f"{BUILTIN}.dropped_in.{path.stem}", str(path))
    loader.trust = trust
    imported = sys.modules.get(loader.name)
    if imported is not None and imported.__file__ == str(path):
        return imported
    if not path.is_file():
        raise UsageError(f"handler {path}: no such file")
    from importlib.util import module_from_spec, spec_from_loader

    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module  # dataclasses and pickle look it up there
    loader.exec_module(module)
    return module


class _Uncached(SourceFileLoader):
    """Runs the source without a `__pycache__`.

    Somebody else could have written one, and writing one would change the directory's stamp.
    """

    trust: Trust

    def get_data(self, path: str | bytes) -> bytes:
        """Return the source. Raise UsageError if somebody else could have written it."""
        try:
            return self.trust.read(Path(os.fsdecode(path)))
        except UntrustedError as error:
            raise UsageError(f"handler {error}") from error

    def path_stats(self, path: str | bytes) -> Never:
        """Refuse, so that Python neither reads bytecode nor writes any."""
        raise OSError(f"{path!r}: its bytecode is not cached")


def _specs(module: str, *, importing: bool = False) -> Iterator[ModuleSpec | None]:
    """Yield where a module's packages, and the module, are found; None ends it.

    Raises KeyError for a namespace package in another one, unless the outer one, which has no code
    of its own, may be imported.
    """
    parts, path = module.split("."), None
    for end in range(1, len(parts) + 1):
        try:
            spec = _spec(".".join(parts[:end]), path)
        except KeyError:
            if not importing:
                raise
            import_module(".".join(parts[: end - 1]))
            spec = _spec(".".join(parts[:end]), path)
        yield spec
        if spec is None:
            return
        path = spec.submodule_search_locations or []


def _spec(module: str, path: Sequence[str] | None) -> ModuleSpec | None:
    specs = (finder.find_spec(module, path) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)
