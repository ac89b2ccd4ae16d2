"""Jobs that are written in Python instead of YAML: the same keys, checked by the same readers.

A handler runs in a process of its own, so a function is not passed on but found again there, by
the name of its module and its own.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Unpack

from scheduled.config import python_values, validate
from scheduled.config.converters import InvalidValue
from scheduled.config.load import DEFAULTS
from scheduled.config.yaml_document import Node
from scheduled.errors import ConfigError, UsageError
from scheduled.handler import Function, declaration_of, loader
from scheduled.handler.policies import Policies
from scheduled.jobs.model import SYSTEM_ZONE, Job

SOURCE = "Python"
"""Where such a job is defined, as far as its configuration knows."""


def job(
    id: str,  # noqa: A002 - the word for it everywhere else
    schedule: str,
    *,
    command: str | Sequence[str] | None = None,
    handler: Function | str | None = None,
    description: str = "",
    **policies: Unpack[Policies],
) -> Job:
    """A job; `policies` are the keys a job has in YAML.

    A `handler` is a function at the top of a module, a name as YAML knows it, or a file with a
    function in it, `handlers/photos.py:thumbnails`. Raises ConfigError with all that is wrong
    with the keys, UsageError for a function that another process could not find.
    """
    said: dict[str, Any] = {"schedule": schedule, **policies}
    targets: dict[str, str] = {}
    if description:
        said["description"] = description
    if command is not None:
        said["command"] = command
    if isinstance(handler, str):
        said["handler"] = handler
        targets = _target_in_file(handler)
    elif handler is not None:
        said["handler"] = _importable_name(handler)
        said["env"] = _python_path(handler) | dict(policies.get("env", {}))
    found = _validate(id, said, targets)
    return found if "timezone" in policies else replace(found, timezone=SYSTEM_ZONE)


def jobs_in(module: ModuleType) -> tuple[Job, ...]:
    """The jobs that decorated functions of a module are, in their order. Raises as `job` does."""
    return tuple(_jobs_of_decorators(module))


def _jobs_of_decorators(module: ModuleType) -> Iterator[Job]:
    for name, function in vars(module).items():
        offer = (
            declaration_of(function)
            if callable(function) and hasattr(function, "__dict__")
            else None
        )
        if offer is None or not offer.schedule or function.__module__ != module.__name__:
            continue
        yield job(
            offer.id or name,
            offer.schedule,
            handler=function,
            description=offer.description or (function.__doc__ or "").strip().partition("\n")[0],
            **offer.policies,
        )


def _validate(id_: str, said: Mapping[str, Any], targets: Mapping[str, str]) -> Job:
    nodes: dict[str, Node] = {}
    problems = []
    for key, value in said.items():
        try:
            nodes[key] = python_values.node(value)
        except InvalidValue as unfit:
            problems.append(f"{id_}.{key}: {unfit}")
    if problems:
        raise ConfigError(problems)
    reading = validate.validate_job(
        id_, nodes, validate.Defaults("UTC", DEFAULTS["default_timeout"], targets)
    )
    if reading.job is None:
        raise ConfigError(reading.problems)
    return replace(reading.job, source=SOURCE)


def _target_in_file(handler: str) -> dict[str, str]:
    """What `loader` calls a handler that is named by its file; nothing for any other name."""
    path, _, function = handler.rpartition(":") if ".py:" in handler else (handler, "", "run")
    if not path.endswith(".py"):
        return {}
    if not os.path.isfile(path):
        raise UsageError(f"handler: {path}: no such file")
    return {handler: loader.name_in_file(Path(os.path.abspath(path)), function)}


def _importable_name(function: Function) -> str:
    """The name another process finds a function by. Raises UsageError if there is none."""
    name = getattr(function, "__qualname__", repr(function))
    module = sys.modules.get(getattr(function, "__module__", "") or "")
    if module is None or getattr(module, name, None) is not function:
        raise UsageError(
            f"handler: {name} cannot be found by the process it would run in; "
            "it has to be a function of its own at the top of a module"
        )
    if module.__name__ == "__main__":
        raise UsageError(
            f"handler: {name} stands in the script that was started, which no other process can "
            "import; put it into a module of its own"
        )
    return f"{module.__name__}:{name}"


def _python_path(function: Function) -> dict[str, str]:
    """The variable by which another process finds a module that is not installed."""
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
