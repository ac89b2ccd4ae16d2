"""Bytecode in `__pycache__` below the projects: counted, and deleted only if a param says so.

With `remove_older_than`, files `*.pyc` that have not changed for so long are deleted. The folders
stay, no link is followed, and a Python that runs meanwhile compiles what it misses.
"""

import math
import os
from collections.abc import Iterator
from typing import Any

from scheduled.ecosystem import bytecode, gaia_registry, projects_central
from scheduled.ecosystem.bytecode import Bytecode
from scheduled.ecosystem.central import CentralFileError
from scheduled.ecosystem.workspace import Workspaces
from scheduled.handler import Context, Incomplete, Kind, Param, values
from scheduled.handler.params import NEVER, seconds
from scheduled.system import owners_work

PARAMS = {
    "registry": Param("another registry than that in the root", Kind.TEXT, ""),
    "remove_older_than": Param(
        "after how long without a change bytecode is deleted", Kind.DURATION, NEVER
    ),
}
WITHIN = 240.0
"""Seconds for all projects."""


def run(context: Context) -> dict[str, object]:
    """Count bytecode below every registered project, and delete what is older than wanted."""
    params = values(PARAMS, context.params)
    age = seconds(params["remove_older_than"])
    before = None if age == math.inf else context.now.timestamp() - age
    spaces = gaia_registry.find(context.root, params["registry"], context.cache_dir)
    found, problems = _found(spaces, before)
    everything = found.values()
    total: dict[str, Any] = {
        "cache_dirs": sum(each.folders for each in everything),
        "paths": [path for each in everything for path in each.paths][: bytecode.MOST],
        "files": sum(each.files for each in everything),
        "bytes": sum(each.size for each in everything),
    }
    if before is not None:
        total["removed"] = sum(each.removed for each in everything)
        total["freed_bytes"] = sum(each.freed for each in everything)
    problems += [problem for each in everything for problem in each.problems]
    for problem in problems:
        context.log(problem)
    result = {**total, "problems": problems[: bytecode.MOST]}
    part = {"timestamp": context.local_timestamp, **result, "projects": _by_project(found)}
    try:
        projects_central.update(context, {"stale_cache": part})
    except CentralFileError as error:
        raise Incomplete(str(error), result) from error
    return result


def _found(spaces: Workspaces, before: float | None) -> tuple[dict[str, Bytecode], list[str]]:
    """Return what there is in each project by name, and why some were not looked into."""
    folders: dict[str, str] = {}
    for space in spaces.all:
        if space.folder:
            folders.setdefault(space.folder, space.name)
    real = {os.path.realpath(folder) for folder in folders}

    def work(members: list[str], until: float) -> Iterator[Any]:
        return (bytecode.find(folder, real, before, until).as_json() for folder in members)

    found, problems = {}, []
    for folder, answer in owners_work.in_each(folders, work, WITHIN):
        if isinstance(answer, str):
            problems.append(f"{folder}: {answer}")
        else:
            found[folders[folder]] = Bytecode(**answer)
    return {name: found[name] for name in folders.values() if name in found}, problems


def _by_project(found: dict[str, Bytecode]) -> dict[str, dict[str, int]]:
    """Return the numbers of the projects that have any bytecode."""
    return {
        name: {"cache_dirs": each.folders, "files": each.files, "bytes": each.size}
        for name, each in found.items()
        if each.folders
    }
