"""What an importer has to know of the machine: its users, and which cron it has."""

import os
import pwd
import shutil

from scheduled.errors import UsageError
from scheduled.system import machine


def user_name() -> str:
    """Return the name of the user who imports. Raise UsageError if the database has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user that nobody entered into the database
        raise UsageError(
            "your user has no name in the user database, so no line can be selected"
        ) from None


def likely_users() -> frozenset[str]:
    """Return the users whose names are not also those of programs, as `mail` and `sync` are."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return frozenset({"root", *(name for name in names if not shutil.which(name))})


def specifiers() -> dict[str, str]:
    """Return what specifiers of a unit stand for, those of a user's manager where they differ."""
    home = os.path.expanduser("~")
    host = os.uname().nodename
    return {
        "h": home, "u": _name(), "U": str(os.getuid()), "G": str(os.getgid()),
        "s": _shell(), "H": host, "l": host.partition(".")[0], "m": _machine_id(),
        "v": os.uname().release, "T": "/tmp", "V": "/var/tmp",  # noqa: S108
        "t": f"/run/user/{os.getuid()}", "S": f"{home}/.config", "C": f"{home}/.cache",
        "L": f"{home}/.config/log", "E": f"{home}/.config",
    }  # fmt: skip


def _machine_id() -> str:
    try:
        return machine.ID_FILE.read_text("ascii").strip()
    except (OSError, UnicodeError):
        return ""


def _name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _shell() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"


def has_debians_cron() -> bool:
    """Whether cron is Debian's, and not the cronie that Debian offers as well."""
    return os.path.exists("/etc/debian_version") and not os.path.exists("/usr/sbin/crond")
