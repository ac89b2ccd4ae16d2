"""The home folder and the folders of the XDG base directory specification."""

import os
from collections.abc import Mapping
from pathlib import Path


def home(environ: Mapping[str, str]) -> Path:
    """Return the home folder: HOME, which cron may not set, else that of the password database."""
    named = environ.get("HOME", "")
    if os.path.isabs(named):
        return Path(named)
    import pwd

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a container's user that nobody entered into the database
        return Path("/")


def xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """Return a folder of the XDG base directory specification; relative values are ignored."""
    named = environ.get(variable, "")
    return Path(named) if os.path.isabs(named) else home(environ) / fallback
