"""A workspace: a folder that somebody has registered, with what they claim about it.

Registries of different systems deliver workspaces; sweeps that look into any kind of folder need
to know nothing else of a registry.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scheduled.quick_classes import NamedTuple


class Workspace(NamedTuple):
    """A registered folder."""

    name: str
    """Unique in its registry."""
    folder: str
    """Absolute; empty if none is registered that could exist here."""
    claims: Mapping[str, Any]
    """What the registry says of it: `git`, `git_remote`, `python`, `version`; JSON, unchecked."""
    problem: str = ""
    """What is wrong with its entry."""
    stated: str = ""
    """Its path as it is registered."""


class Workspaces(NamedTuple):
    """All workspaces of a registry, in its order."""

    path: Path
    """The registry."""
    all: tuple[Workspace, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with the registry, a sentence each."""
