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


def _safe(sign: str) -> str:
    return sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_"


def _digest(data: bytes) -> str:
    import hashlib  # costs more than the rest, and cron's own line names the directory

    return hashlib.sha256(data).hexdigest()[:8]
