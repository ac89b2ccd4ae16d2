"""The identity of a root: the name of its state directory, its crontab block and its units.

Two roots never share one of these, and one root has the same whichever path leads to it.
"""

import os
from pathlib import Path

_LONGEST = 200
"""Characters of a folder's name; a file's name may have 255, and units add some of their own."""


def real_root(root: Path) -> str:
    """Return the real path of a root: links and trailing slashes make no difference."""
    return os.path.realpath(root)


def name_of(root: Path) -> str:
    """Return `<name>-<8 hex>`: the last component of the real path, and the hash of all of it.

    Whatever is unsafe in a file name, a crontab or a unit is `_`; `/` is called `root`.
    """
    real = real_root(root)
    name = "".join(map(_safe, os.path.basename(real) or "root"))[:_LONGEST]
    return f"{name}-{_digest(os.fsencode(real))}"


def installation_id(root: Path, state_dir: Path, *, is_default: bool) -> str:
    """Return the name of a crontab block and of units: that of the root with its default state.

    With another state directory it is a name of its own, so that one root may have several.
    """
    if is_default:
        return name_of(root)
    name = name_of(root)[:-9]
    both = os.fsencode(f"{real_root(root)}\0{real_root(state_dir)}")
    return f"{name}-{_digest(both)}"


def former_id(state_dir: Path) -> str:
    """Return the name that version 0.1.0 gave to blocks and units, whichever root they tick."""
    return _digest(os.fsencode(state_dir))


def _safe(sign: str) -> str:
    return sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_"


def _digest(data: bytes) -> str:
    import hashlib  # costs more than the rest, and cron's own line names the directory

    return hashlib.sha256(data).hexdigest()[:8]
