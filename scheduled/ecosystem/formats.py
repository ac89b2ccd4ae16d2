"""Rules that several files of an ecosystem share; cheap to import, every tick does."""

import os
from typing import Any

REGISTRY_PATTERN = "*_REGISTRY.json"
"""The name of a registry."""
_REGISTRY_ENDING = REGISTRY_PATTERN.removeprefix("*")

HOME_REGISTRY = "BRANCH_REGISTRY.json"
REPOSITORY_REGISTRY = "AIPASS_REGISTRY.json"

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


def one_line(value: Any, length: int) -> str:
    """Return a text as one line of at most `length` characters; empty if it is not a text."""
    text = value if isinstance(value, str) else ""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:length].rstrip()
