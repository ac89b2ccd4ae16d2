"""Jobs that are defined in Python instead of YAML: the same keys, checked in the same way.

A handler runs in a process of its own, which finds the function by the names of its module and
its own.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Unpack

from scheduled.config import python_values, validate
from scheduled.config.conversion import InvalidValue
from scheduled.config.job_entry import Defaults
from scheduled.config.load import DEFAULTS
from scheduled.config.permissions import UNCHECKED
from scheduled.config.yaml_document import Node
from scheduled.errors import ConfigError, UsageError
from scheduled.handler import Declaration, Function, declaration_of, loader
from scheduled.handler.policies import Policies
from scheduled.jobs.model import SYSTEM_ZONE, Job
from scheduled.quick_classes import replace

SOURCE = "Python"
"""The `source` of such a job."""


def job(
    id: str,  # noqa: A002 - the word for it everywhere else
    schedule: str,
    *,
    command: str | Sequence[str] | None = None,
    handler: Function | str | None = None,
    description: str = "",
    **policies: Unpack[Policies],
) -> Job:
    """Return a job; `policies` are the keys it has in YAML.

    A `handler` is a function at the top of a module, a name as in YAML, or a file with a function
    in it, `handlers/photos.py:thumbnails`. Raise ConfigError with all problems of the keys,
    UsageError for a function that another process could not find.
    """
    keys: dict[str, Any] = {"schedule": schedule, **policies}
    targets: dict[str, str] = {}
    if description:
        keys["description"] = description
    if command is not None:
        keys["command"] = command
    if isinstance(handler, str):
        keys["handler"] = handler
        targets = _target_in_file(handler)
    elif handler is not None:
        keys["handler"] = _importable_name(handler)
        keys["env"] = _python_path(handler) | dict(policies.get("env", {}))
    job = _validate(id, keys, targets)
    return job if "timezone" in policies else replace(job, timezone=SYSTEM_ZONE)


def jobs_in(module: ModuleType) -> tuple[Job, ...]:
    """Return the jobs of the decorated functions of a module, in order. Raise as `job` does."""
    return tuple(_jobs_of_decorators(module))


def _jobs_of_decorators(module: ModuleType) -> Iterator[Job]:
    for name, function in vars(module).items():
        declaration = _declaration_in(module, function)
        if declaration is None or not declaration.schedule:
            continue
        first_line = (function.__doc__ or "").strip().partition("\n")[0]
        yield job(
            declaration.id or name,
            declaration.schedule,
            handler=function,
            description=declaration.description or first_line,
            **declaration.policies,
        )


def _declaration_in(module: ModuleType, value: object) -> Declaration | None:
    """Return the declaration of a function that is defined in `module`, or None."""
    if not callable(value) or not hasattr(value, "__dict__"):
        return None
    declaration = declaration_of(value)
    is_imported = getattr(value, "__module__", None) != module.__name__
    return None if is_imported else declaration


def _validate(id_: str, keys: Mapping[str, Any], targets: Mapping[str, str]) -> Job:
    nodes: dict[str, Node] = {}
    problems = []
    for key, value in keys.items():
        try:
            nodes[key] = python_values.node(value)
        except InvalidValue as error:
            problems.append(f"{id_}.{key}: {error}")
    if problems:
        raise ConfigError(problems)
    defaults = Defaults("UTC", DEFAULTS["default_timeout"], targets, permissions=UNCHECKED)
    result = validate.validate_job(id_, nodes, defaults)
    if result.job is None:
        raise ConfigError(result.problems)
    return replace(result.job, source=SOURCE)


def _target_in_file(handler: str) -> dict[str, str]:
    """Return the target of a handler that is named by its file; nothing for any other name."""
    path, _, function = handler.rpartition(":") if ".py:" in handler else (handler, "", "run")
    if not path.endswith(".py"):
        return {}
    if not os.path.isfile(path):
        raise UsageError(f"handler: {path}: no such file")
    return {handler: loader.name_in_file(Path(os.path.abspath(path)), function)}


def _importable_name(function: Function) -> str:
    """Return the name by which another process finds a function. Raise UsageError without one."""
    name = getattr(function, "__qualname__", repr(function))
    module = sys.modules.get(getattr(function, "__module__", "") or "")
    if module is None or getattr(module, name, None) is not function:
        raise UsageError(
            f"handler: {name} cannot be found by the process it would run in; "
            "it has to be a function of its own at the top of a module"
        )
    if module.__name__ == "__main__":
        raise UsageError(
            f"handler: {name} is in the script that was started, which no other process can "
            "import; put it into a module of its own"
        )
    return f"{module.__name__}:{name}"


def _python_path(function: Function) -> dict[str, str]:
    """Return the variable by which another process finds a module that is not installed."""
    name = function.__module__
    module = sys.modules[name]
    file = getattr(module, "__file__", None)
    if not file:
        return {}
    above = name.count(".") + hasattr(module, "__path__")
    folder = str(Path(os.path.abspath(file)).parents[above])
    if folder in sysconfig.get_paths().values():
        return {}
    before = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{before}" if before else folder}
