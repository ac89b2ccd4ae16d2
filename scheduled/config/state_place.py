"""The default state directory of a root: one of its own, or the one of version 0.1.0.

Version 0.1.0 had one directory for all roots of a user. What it left there stays there and belongs
to the root it served.
"""

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scheduled.idle import HINT
from scheduled.installation import identity
from scheduled.state import owner
from scheduled.system import private
from scheduled.system.user_dirs import xdg


def default(root: Path, candidates: Sequence[Path], environ: Mapping[str, str]) -> Path:
    """Return the state directory of a root for which none is named and that has none inside.

    `candidates` are the possible configuration files of the root.
    """
    place, real = shared(environ), identity.real_root(root)
    if owner.has_state(place) and _is_of(place, root, candidates, environ):
        return place
    own = place / identity.name_of(root)
    if owner.has_state(own):
        return own
    # A state that was adopted, after its root had been moved, keeps its name.
    adopted = (folder for folder in _folders(place) if owner.root_of(folder) == real)
    return next(adopted, own)


def roots(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return the roots that have a state in the default place, each with its directory."""
    place = shared(environ)
    return {root: folder for folder in (place, *_folders(place)) if (root := owner.root_of(folder))}


def shared(environ: Mapping[str, str]) -> Path:
    """Return the directory that holds those of all roots, and where 0.1.0 kept its state."""
    return xdg(environ, "XDG_STATE_HOME", ".local/state") / "scheduled"


def _folders(place: Path) -> Iterator[Path]:
    yield from (place / name for name in _names(place) if owner.has_state(place / name))


def _names(folder: Path) -> list[str]:
    """Return the names in a directory; none if it is missing or may not be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _is_of(place: Path, root: Path, candidates: Sequence[Path], environ: Mapping[str, str]) -> bool:
    """Return whether the state in the shared place is that of a root, also if it does not say so.

    The crontab or a unit says which root it served; without any, what its ticks left there.
    """
    real = identity.real_root(root)
    recorded = owner.root_of(place)
    if recorded:
        return recorded == real
    if owner.has_state(place / identity.name_of(root)):
        return False
    from scheduled.installation import tick_lines

    served = {line.root for line in tick_lines.of_state(place, environ)}
    return real in served if served else _has_traces(place, candidates)


def _has_traces(place: Path, candidates: Sequence[Path]) -> bool:
    """Return whether ticks with this configuration, and with no other, left a cache or a hint."""
    cache = place / "cache"
    caches = [name for name in _names(cache) if name.startswith("config-")]
    if caches:
        own = [f"config-{zlib.crc32(bytes(path)):08x}.json" for path in candidates]
        return len(caches) == 1 and caches[0] in own
    try:
        hint = private.read(place / HINT).decode("utf-8", "surrogateescape")
    except OSError:
        return False
    return f"\n{candidates[0]}\0" in hint
