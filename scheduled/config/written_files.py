"""The files that ticks write for others because a setting names them, and what these must not be.

A log that is appended to the journal, or metrics in the place of `scheduled.yaml`, would damage
what all else depends on. So such a name is a mistake, and nothing is written to it.
"""

import os
from collections.abc import Container
from pathlib import Path
from typing import Any

from scheduled.config import paths
from scheduled.config.paths import Paths
from scheduled.state import place

KEYS = ("metrics_file", "log_file", "page")


def reject(
    places: Paths, values: dict[str, Any], origins: dict[str, str], counting: Container[str]
) -> tuple[str, ...]:
    """Return what is wrong with the files that `values` name; a name that is taken is removed.

    `counting` are the paths of the files that the configuration consists of.
    """
    found: list[str] = []
    used: dict[str, str] = {}
    for key in KEYS:
        path = paths.beside_config(places, _named(values[key]))
        if path is None:
            continue
        real = os.path.realpath(path)
        if why_not := taken(places, path, counting) or used.get(real, ""):
            found.append(f"{origins[key]}: {key}: {path}: {why_not}; choose another file")
            values[key], origins[key] = type(values[key])(), "default"
        elif key != "log_file" and (why := paths.missing(path.parent)):
            found.append(f"{origins[key]}: {key}: {path.parent}: {why}")  # none is made for a typo
        used.setdefault(real, f"is the file of {key} already")
    return tuple(found)


def _named(value: Any) -> str:
    """Return the file that a setting names; '' for none."""
    name: str = value.get("path", "") if isinstance(value, dict) else value
    return name


def taken(places: Paths, path: Path, counting: Container[str]) -> str:
    """Return what of ours a path is, as part of a sentence; '' if it is nothing."""
    named, real = os.path.abspath(path), os.path.realpath(path)
    if named in counting or real in counting or real == os.path.realpath(places.config_path or ""):
        return "is part of the configuration"
    ours = (*place.FILES, *place.FOLDERS, *place.LARGE_FOLDERS)
    state_dir = os.path.realpath(places.state_dir)
    if any(_is_at_or_below(real, f"{state_dir}/{name}") for name in ours):
        return "is part of the state"
    if os.path.dirname(real) in (state_dir, os.path.realpath(places.central_dir)) and (
        real.endswith(".json")
    ):
        return "has a name that files of the state or central files have"
    return ""


def _is_at_or_below(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/")
