"""This machine, as far as jobs are told apart by it."""

import os
from pathlib import Path

ID_FILE = Path("/etc/machine-id")


def identity() -> str:
    """What tells this machine from others, the same after each boot.

    From machine-id(5), else from the name of the host. The id itself is not to be shown around,
    so it is hashed together with our name.
    """
    import hashlib

    try:
        own = ID_FILE.read_text("ascii").strip()
    except (OSError, ValueError):
        own = ""
    if own in ("", "uninitialized"):
        own = os.uname().nodename
    return hashlib.sha256(f"scheduled\0{own}".encode()).hexdigest()[:16]
