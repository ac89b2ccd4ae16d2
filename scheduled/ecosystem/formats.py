"""Rules that several files of an ecosystem share; cheap to import, every tick does."""

import os
import re
import stat
from typing import Any

REGISTRY_PATTERN = "*_REGISTRY.json"
"""The name of a registry."""
_REGISTRY_ENDING = REGISTRY_PATTERN.removeprefix("*")

HOME_REGISTRY = "BRANCH_REGISTRY.json"
REPOSITORY_REGISTRY = "AIPASS_REGISTRY.json"

PROJECT_REGISTRY = "registry.json"
"""The registry of GAIA's projects."""
_SCHEMA = re.compile(rb'"\$schema"\s*:\s*"gaia-registry')
_LOOKED_THROUGH = 1 << 16
"""Bytes at the start of a registry, and as many at its end."""

ADDRESS_LENGTH = 200
"""Characters. An address stands in headers and in names of files."""


def is_registry(name: str) -> bool:
    """Return whether a file of that name is a registry."""
    return name.endswith(_REGISTRY_ENDING)


def is_repository(root: str | os.PathLike[str]) -> bool:
    """Return whether the ecosystem at `root` has the layout of a repository, not of a home.

    Its registry tells by its name; with any other name, the sources of AIPass do.
    """
    folder = os.fspath(root)
    if os.path.lexists(f"{folder}/{HOME_REGISTRY}"):
        return False
    return os.path.lexists(f"{folder}/{REPOSITORY_REGISTRY}") or os.path.isdir(
        f"{folder}/src/aipass"
    )


def is_project_registry(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a registry of GAIA's, by its schema; it is not read as a whole."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return False
        ends = {0, max(0, status.st_size - _LOOKED_THROUGH)}
        return any(_SCHEMA.search(os.pread(descriptor, _LOOKED_THROUGH, at)) for at in ends)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def one_line(value: Any, length: int) -> str:
    """Return a text as one line of at most `length` characters; empty if it is not a text."""
    text = value if isinstance(value, str) else ""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:length].rstrip()
