"""The health of projects: what is in their folders, the state of each repository, false claims.

Looks into every project of GAIA's registry, or every active branch of AIPass's. An unchanged
project is not looked into again, and no git is started for it.

Writes `PROJECTS.central.json`. The result has the same entries, of at most 500 projects, those
with findings first: it is kept for a month.
"""

import os
import shutil
from collections.abc import Mapping
from typing import Any

from scheduled.ecosystem import gaia_registry, project, projects_central
from scheduled.ecosystem.central import CentralFileError
from scheduled.ecosystem.claims import false_claims
from scheduled.ecosystem.project import Look
from scheduled.ecosystem.project_cache import ProjectCache
from scheduled.ecosystem.project_sweep import Limits, Sweep
from scheduled.ecosystem.registry import RegistryError
from scheduled.ecosystem.workspace import Workspace, Workspaces
from scheduled.handler import Context, Incomplete, Kind, Param, values

PARAMS = {
    "registry": Param("another registry than that in the root", Kind.TEXT, ""),
    "full_look_hours": Param(
        "after how long an unchanged project is compared anew", Kind.AMOUNT, 24
    ),
    "git_seconds": Param("how long git may take for one repository", Kind.AMOUNT, 20),
    "sweep_seconds": Param("how long git may take for all of them", Kind.AMOUNT, 240),
}
LISTED = 500
"""Projects in the result."""
NO_GIT = "git is not installed: repositories are described by their files alone"
Entries = dict[str, dict[str, Any]]


def run(context: Context) -> dict[str, object]:
    """Look into every registered project and write PROJECTS.central.json."""
    params = values(PARAMS, context.params)
    spaces = _workspaces(context, params["registry"])
    limits = Limits(_git(), params["git_seconds"], params["sweep_seconds"])
    problems = [*spaces.problems, *([] if limits.git else [NO_GIT])]
    for problem in problems:
        context.log(problem)
    entries = _entries(spaces, _looks(context, spaces, limits, params["full_look_hours"] * 3600))
    document = {
        "registry": str(spaces.path),
        "problems": problems,
        "totals": _totals(entries),
        "projects": entries,
    }
    result: dict[str, object] = {**_most_important(entries)}
    try:
        projects_central.update(context, document)
    except CentralFileError as error:
        raise Incomplete(str(error), result) from error
    return result


def _workspaces(context: Context, named: str) -> Workspaces:
    try:
        return gaia_registry.find(context.root, named, context.cache_dir)
    except RegistryError as error:
        if str(error).endswith("not found"):
            context.log(f"looked for it in {context.root}; --root names another directory")
        raise


def _git() -> str:
    """Return the git of this machine, which must not depend on the working directory; or ''."""
    places = [each for each in os.environ.get("PATH", os.defpath).split(":") if each[:1] == "/"]
    return shutil.which("git", path=":".join(places)) or ""


def _looks(
    context: Context, spaces: Workspaces, limits: Limits, keep_for: float
) -> dict[str, Look]:
    path = context.cache_dir / "project_health.sweep"
    cache = ProjectCache(path, limits.git, context.now.timestamp(), keep_for)
    folders = [space.folder for space in spaces.all if space.folder]
    return Sweep(cache, limits, context.cache_dir).looks(folders)


def _entries(spaces: Workspaces, looks: Mapping[str, Look]) -> Entries:
    return {space.name: _entry(space, looks.get(space.folder)) for space in spaces.all}


def _entry(space: Workspace, look: Look | None) -> dict[str, Any]:
    facts = look.facts if look else {**project.ABSENT}
    findings = [
        *([space.problem] if space.problem else []),
        *(look.problems if look else []),
        *false_claims(space.claims, facts),
    ]
    return {**facts, "path": space.stated, "findings": findings}


def _totals(entries: Entries) -> dict[str, int]:
    return {
        "projects": len(entries),
        "exist": sum(entry["exists"] for entry in entries.values()),
        "repositories": sum("branch" in entry for entry in entries.values()),
        "dirty": sum(bool(entry.get("dirty")) for entry in entries.values()),
        "with_findings": sum(bool(entry["findings"]) for entry in entries.values()),
    }


def _most_important(entries: Entries) -> Entries:
    """Return the entries for the result, in the order of the registry where all fit."""
    if len(entries) <= LISTED:
        return entries
    worst_first = sorted(entries, key=lambda name: not entries[name]["findings"])
    return {name: entries[name] for name in worst_first[:LISTED]}
