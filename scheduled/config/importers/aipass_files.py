"""Finding AIPass's files of jobs: those of the branches of a registry, or below a directory."""

import os
from collections.abc import Iterator
from pathlib import Path

from scheduled.config.importers.aipass import DaemonFile
from scheduled.config.importers.findings import LeftOut
from scheduled.ecosystem import registry
from scheduled.ecosystem.registry import RegistryError
from scheduled.errors import UsageError, reason_of
from scheduled.system.folder import Folder

FOLDER = ".daemon"
_INACTIVE = "its branch is not active, so AIPass does not run it"
Found = DaemonFile | LeftOut


def of_registry(root: Path) -> list[Found]:
    """Return the files of the branches registered at `root`, in their order.

    Raise UsageError without a registry, and if no branch has a file.
    """
    try:
        branches = registry.load(root)
    except RegistryError as error:
        raise UsageError(
            f"{error}; or name a file, or the directory of a branch, to import from"
        ) from error
    found: list[Found] = []
    for branch in branches:
        name = branch.email.removeprefix("@").casefold()
        found += _in_branch(branch.folder, name, "" if branch.active else _INACTIVE)
    return _some(found, f"{branches.path}: no branch of it has a file {FOLDER}/*.json")


def below(folder: Path) -> list[Found]:
    """Return the files in a directory: that of a branch, its `.daemon`, or one with a registry,
    or with branches. Raise UsageError if there is none.
    """
    if folder.name == FOLDER:
        folder = folder.parent
    found = list(_in_branch(str(folder), folder.name.casefold() or "root"))
    if not found:
        try:
            registry.find(folder)
        except RegistryError:
            names = sorted(entry.name for entry in _entries(folder) if entry.is_dir())
            found = [
                file for name in names for file in _in_branch(str(folder / name), name.casefold())
            ]
        else:
            return of_registry(folder)
    return _some(found, f"{folder}: no {FOLDER}/*.json in it, or in a directory in it")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise UsageError(f"{folder}: {reason_of(error)}") from error


def _in_branch(folder: str, name: str, idle: str = "") -> Iterator[Found]:
    """Yield the files of a branch, each read or with the reason why it cannot be."""
    try:
        with Folder.open(folder) as branch, branch.inner_within(FOLDER) as place:
            names = [name for name in place.names() if name.endswith(".json") and name[:1] != "."]
            for file in sorted(names):
                label = f"{name}/{FOLDER}/{file}"
                try:
                    yield DaemonFile(label, place.read(file)[1], branch.path, name, idle)
                except OSError as error:
                    yield LeftOut(1, "the file", reason_of(error), label)
    except FileNotFoundError:
        return
    except OSError as error:
        yield LeftOut(1, "the directory", reason_of(error), f"{name}/{FOLDER}")


def _some(found: list[Found], otherwise: str) -> list[Found]:
    if not found:
        raise UsageError(otherwise)
    return found
