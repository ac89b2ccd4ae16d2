"""Identity of this machine and of the user the program runs as."""

import os
from collections.abc import Mapping
from pathlib import Path

from scheduled.system.files import stamp

ID_FILE = Path("/etc/machine-id")


def identity() -> str:
    """Return an id of this machine that stays the same across boots.

    From machine-id(5), else from the host name. The machine id must not be exposed, so it is hashed
    together with the program's name.
    """
    import hashlib

    try:
        own = ID_FILE.read_text("ascii").strip()
    except (OSError, ValueError):
        own = ""
    if own in ("", "uninitialized"):
        own = os.uname().nodename
    return hashlib.sha256(f"scheduled\0{own}".encode()).hexdigest()[:16]


def host_id() -> str:
    """Return the id of the host that a state belongs to, from machine-id(5); '' without one.

    Neither the host name nor the boot counts: containers share them, or get new ones.
    """
    try:
        own = ID_FILE.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
    if own in ("", "uninitialized"):
        return ""
    from _blake2 import blake2b  # what hashlib loads besides would cost every tick a millisecond

    return blake2b(own.encode(), digest_size=8, person=b"scheduled").hexdigest()


def named_host(environ: Mapping[str, str]) -> str:
    """Return the id of the host that the environment names, on one line; '' if it names none."""
    return " ".join(environ.get("SCHEDULED_HOST", "").split())


def mark() -> list[int | str]:
    """Return values that change whenever `identity` does, without hashing; for cache keys."""
    return [*(stamp(ID_FILE) or ()), os.uname().nodename]


def user() -> str:
    """Return the name of the effective user, or the number if it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # containers run as users that are in no list
        return str(os.geteuid())


def home() -> str:
    """Return the home directory of the user who runs this, as the user database has it."""
    found = os.path.expanduser(f"~{user()}")
    return found if found.startswith("/") else "/"


def boot_id() -> str:
    """Return the id of the current boot; empty if the kernel does not provide one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def uptime() -> float:
    """Return what /proc/uptime says, seconds since the boot. Raises OSError where there is none."""
    return float(Path("/proc/uptime").read_text("ascii").split()[0])


def disk_used(path: str | os.PathLike[str]) -> tuple[float, float]:
    """Return how much of a disk is in use, in percent, as df(1) counts it: of blocks and inodes.

    Raises OSError. A file system that has as many inodes as it needs has none in use.
    """
    disk = os.statvfs(path)
    used = disk.f_blocks - disk.f_bfree  # what is reserved for root is neither
    blocks, inodes = used + disk.f_bavail, disk.f_files
    return (
        100 * used / blocks if blocks else 0.0,
        100 * (inodes - disk.f_favail) / inodes if inodes else 0.0,
    )


COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What an interpreter sets LC_CTYPE to, for all it starts, if the locale says nothing (PEP 538)."""


def given_environment() -> dict[str, str]:
    """Return the environment of this process as it was started, without what Python has set."""
    environ = dict(os.environ)
    if environ.get("LC_CTYPE") not in COERCED:
        return environ
    try:
        entries = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:  # it cannot be told
        return environ
    given = next((entry[9:] for entry in entries if entry.startswith(b"LC_CTYPE=")), None)
    if given is None:
        del environ["LC_CTYPE"]
    else:
        environ["LC_CTYPE"] = os.fsdecode(given)
    return environ
