"""What an importer has to know of the machine: its users, and which cron it has."""

import os
import pwd
import shutil

from scheduled.errors import UsageError


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


def has_debians_cron() -> bool:
    """Whether cron is Debian's, and not the cronie that Debian offers as well."""
    return os.path.exists("/etc/debian_version") and not os.path.exists("/usr/sbin/crond")
