"""This machine, as far as jobs are told apart by it, and the user we are on it."""

import os
from pathlib import Path

from scheduled.system.files import stamp

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


def mark() -> list[int | str]:
    """What is another one as soon as `identity` is, for caches; found out without hashing."""
    return [*(stamp(ID_FILE) or ()), os.uname().nodename]


def user() -> str:
    """The name of the user we run as; the number where nobody has entered a name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # containers run as users that are in no list
        return str(os.geteuid())


def boot_id() -> str:
    """What tells one boot of this machine from another; empty where the kernel does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
