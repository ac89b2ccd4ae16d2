"""What there is to say of the folder of a project: what is in it, its version, its repository."""

import configparser
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from scheduled.ecosystem.git import repository
from scheduled.ecosystem.git.layout import DOT_GIT
from scheduled.ecosystem.git.reading import BrokenError, small
from scheduled.ecosystem.git.scratch import Scratch
from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system.text import one_line

ABSENT: Mapping[str, Any] = {
    "exists": False,
    "has_git": False,
    "has_tests": False,
    "has_claude_md": False,
}
LARGEST = 4 << 20
"""Bytes of a file that states a version."""
Stated = dict[str, str]
"""What a file states: `version`, `python`."""


class Look(NamedTuple):
    """What was found in a project's folder; JSON."""

    facts: dict[str, Any]
    problems: list[str]
    watched: list[str]
    """What has to change before there is something else to find."""
    stamps: list[int]
    """Three numbers for each of these, from when all had been looked at."""
    is_final: bool
    """Whether a second look would find the same as long as nothing changes."""


def look(folder: str, scratch: Scratch | None) -> Look:
    """Look into a folder, with git if there is a `scratch`. Everything may be missing."""
    facts: dict[str, Any] = {**ABSENT}
    try:
        names = set(os.listdir(folder))
    except OSError as error:
        return _out_of_reach(folder, error)
    stated, watched = _stated(folder, names)
    facts["exists"] = True
    facts["has_git"] = DOT_GIT in names
    facts["has_tests"] = "tests" in names and _has_tests(folder)
    facts["has_claude_md"] = "CLAUDE.md" in names
    found = repository.examine(folder, scratch)
    # A dot follows a link in the place of a folder.
    places = (folder, f"{folder}/.", f"{folder}/tests/.", *watched, *found.watched)
    watched = [*dict.fromkeys(places)]
    facts |= {**found.facts, **stated}
    is_final = found.is_final and (scratch is not None or not found.facts)
    return Look(facts, found.problems, watched, stamps_of(watched), is_final)


def stamps_of(paths: list[str]) -> list[int]:
    """Return what tells whether each of these has changed: change time, size, inode.

    Other than the time of modification, nobody can set back the time of change. Zeros stand for
    what is not there.
    """
    numbers: list[int] = []
    for path in paths:
        try:
            status = os.lstat(path)
        except OSError:
            numbers += (0, 0, 0)
        else:
            numbers += (status.st_ctime_ns, status.st_size, status.st_ino)
    return numbers


def _out_of_reach(folder: str, error: OSError) -> Look:
    """Return what there is to say of a folder that cannot be listed."""
    is_there = os.path.lexists(folder)
    problem = "absent: no such directory"
    if is_there:
        problem = f"the directory cannot be read: {reason_of(error)}"
    elif isinstance(error, PermissionError):
        problem = "not to be found out whether it exists: permission denied"
    watched = [folder, f"{folder}/."]
    facts = {**ABSENT, **seen_from_outside(folder)}
    return Look(facts, [problem], watched, stamps_of(watched), not is_there)


def seen_from_outside(folder: str) -> dict[str, Any]:
    """Return what can be told of a folder without listing it."""
    return {
        "exists": os.path.exists(folder),
        "has_git": os.path.lexists(f"{folder}/{DOT_GIT}"),
        "has_claude_md": os.path.lexists(f"{folder}/CLAUDE.md"),
    }


def _has_tests(folder: str) -> bool:
    try:
        names = os.listdir(f"{folder}/tests")
    except OSError:
        return False
    return any(name.startswith("test_") and name.endswith(".py") for name in names)


def _stated(folder: str, names: set[str]) -> tuple[Stated, list[str]]:
    """Return what the project's files state of it, the first one that does, and these files."""
    stated: Stated = {}
    read = [name for name in _READERS if name in names]
    for name in read:
        try:
            data = small(f"{folder}/{name}", LARGEST) or b""
            for key, value in _READERS[name](data.decode("utf-8", "replace")).items():
                if isinstance(value, str) and value.strip():
                    stated.setdefault(key, one_line(value, 60))
        except (BrokenError, OSError, ValueError, RecursionError, configparser.Error):
            continue  # it states nothing that could be compared
    return stated, [f"{folder}/{name}" for name in read]


def _of_pyproject(text: str) -> dict[str, Any]:
    document = tomllib.loads(text)
    project, poetry = _table(document, "project"), _table(_table(document, "tool"), "poetry")
    dependencies = _table(poetry, "dependencies")
    return {
        "version": project.get("version") or poetry.get("version"),
        "python": project.get("requires-python") or dependencies.get("python"),
    }


def _of_setup_cfg(text: str) -> dict[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    version = parser.get("metadata", "version", fallback="")
    return {
        "version": "" if version.startswith(("attr:", "file:")) else version,
        "python": parser.get("options", "python_requires", fallback=""),
    }


def _of_package_json(text: str) -> dict[str, Any]:
    document = json.loads(text)
    return {"version": document.get("version")} if isinstance(document, dict) else {}


def _of_version_file(text: str) -> dict[str, Any]:
    line = text.strip()
    return {"version": line} if re.fullmatch(r"v?\d[\w.+-]*", line) else {}


def _of_python_version(text: str) -> dict[str, Any]:
    line = text.strip()
    return {"python": f"=={line}"} if re.fullmatch(r"\d+(\.\d+)*", line) else {}


def _table(document: Any, key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "pyproject.toml": _of_pyproject,
    "setup.cfg": _of_setup_cfg,
    "package.json": _of_package_json,
    "VERSION": _of_version_file,
    ".python-version": _of_python_version,
}
"""The files that state a version, the most authoritative first."""
