"""GAIA's registry: which projects exist.

    {"$schema": "gaia-registry-v1", "updated": "2026-02-09", "projects": {"via": {"name", "path",
     "version", "status", "git", "git_remote", "python", ...}}}

It may have been written on another system: a path of Windows is kept, and exists nowhere here.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Any

from scheduled.ecosystem import registry
from scheduled.ecosystem.formats import PROJECT_REGISTRY, is_project_registry, is_registry, one_line
from scheduled.ecosystem.registry import RegistryError
from scheduled.ecosystem.workspace import Workspace, Workspaces
from scheduled.errors import UnreadableFileError
from scheduled.system.files import parse_json, read_open

_OF_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
CLAIMS = ("git", "git_remote", "python", "version")


def load(path: Path) -> Workspaces:
    """Return the projects of a registry; relative paths count from its folder.

    An entry that cannot be used is a workspace with a `problem`. Raises RegistryError if the file
    as a whole cannot be used.
    """
    if not os.path.lexists(path):
        raise RegistryError(f"{path.name} not found")
    with registry.opened(path) as descriptor:
        data = read_open(descriptor, path)[1]
    try:
        document = parse_json(data, path)
    except UnreadableFileError as error:
        raise RegistryError(f"{error}; fix the registry; nothing was changed") from error
    projects = document.get("projects") if isinstance(document, dict) else None
    if not isinstance(projects, dict):
        raise RegistryError(f'{path}: no projects in it; expected {{"projects": {{...}}}}')
    folder = str(path.parent)
    found = [_workspace(key, entry, folder) for key, entry in projects.items()]
    return Workspaces(path, tuple(_without_doubles(found)), tuple(_problems(document)))


def find(root: Path, named: str = "", cache_dir: Path | None = None) -> Workspaces:
    """Return the workspaces of a root: of the registry that is named, of GAIA's, else of AIPass's.

    Raises RegistryError.
    """
    if named and not registry.is_path(named):
        raise RegistryError("registry: not a path; correct the param")
    if named:
        path = Path(os.path.abspath(root / os.path.expanduser(named)))
        return of_branches(path.parent) if is_of_branches(path) else load(path)
    path = root / PROJECT_REGISTRY
    if not is_project_registry(path):
        with contextlib.suppress(RegistryError):
            registry.find(root)
            return of_branches(root, cache_dir)
    return load(path)


def is_of_branches(path: Path) -> bool:
    """Return whether a registry is one of AIPass's, by its name."""
    return is_registry(path.name)


def of_branches(root: Path, cache_dir: Path | None = None) -> Workspaces:
    """Return the active branches of AIPass's registry as workspaces. Raises RegistryError."""
    branches = registry.load(root, cache_dir)
    found = [
        Workspace(branch.name, branch.folder, {}, stated=branch.folder)
        for branch in branches
        if branch.active
    ]
    return Workspaces(branches.path, tuple(_without_doubles(found)), branches.problems)


def _workspace(key: str, entry: Any, folder: str) -> Workspace:
    if not isinstance(entry, dict):
        return Workspace(key, "", {}, "its entry is not an object")
    claims = {name: entry[name] for name in CLAIMS if name in entry}
    stated = entry.get("path")
    if stated is None or stated == "":
        return Workspace(key, "", claims, "no path is registered")
    if not isinstance(stated, str):
        return Workspace(key, "", claims, "path: expected text")
    if _OF_WINDOWS.match(stated):
        problem = f"absent: {one_line(stated, 200)} is a path of Windows"
        return Workspace(key, "", claims, problem, stated)
    if not registry.is_path(stated):
        return Workspace(key, "", claims, "path: not a path", stated)
    path = registry.tidy(stated if stated.startswith("/") else f"{folder}/{stated}")
    return Workspace(key, path, claims, stated=stated)


def _without_doubles(found: list[Workspace]) -> list[Workspace]:
    """Return the workspaces, with a problem where an earlier one has the same folder or name."""
    first: dict[str, str] = {}
    names: dict[str, int] = {}
    unique = []
    for space in found:
        count = names[space.name] = names.get(space.name, 0) + 1
        # Two branches may share a name, and results go by names.
        name = space.name if count == 1 else f"{space.name} ({count})"
        owner = first.setdefault(space.folder, name)
        is_double = space.folder and owner != name
        problem = f"the same path as {one_line(owner, 60)}" if is_double else space.problem
        unique.append(space._replace(name=name, problem=problem))
    return unique


def _problems(document: dict[str, Any]) -> list[str]:
    schema = document.get("$schema")
    if isinstance(schema, str) and schema.startswith("gaia-registry"):
        return []
    return ['"$schema" does not begin with gaia-registry']
